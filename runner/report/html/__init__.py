"""Pages for a browser: ``report.html`` of a run, and several runs side by side. Each is one file."""

from __future__ import annotations

from pathlib import Path

from runner.report.html.comparison import comparison_page
from runner.report.html.run import run_page
from runner.run_directory import RunDirectory, RunRecord, write_atomic

__all__ = ["comparison_page", "run_page", "write_report"]


def write_report(run: RunDirectory, record: RunRecord | None = None) -> Path:
    """Writes ``report.html`` of a run.

    Args:
        run: The run.
        record: What its ``run.json`` is about to say; None for what it says.

    Raises:
        RunDirectoryError: If it cannot be written, or ``run.json`` cannot be read.
    """
    write_atomic(run.report, run_page(run, record))
    return run.report
