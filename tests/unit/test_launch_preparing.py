"""How a run ends: what is finished has its report, and what cannot be written leaves the run to be resumed."""

import dataclasses
from pathlib import Path

import pytest

from runner.errors import RunDirectoryError
from runner.launch.preparing import finish, recorded
from runner.report.html import run_page
from tests.report_runs import RECORD, make_bare_run

RUNNING = dataclasses.replace(RECORD, status="running", finished="", timings={})


def test_a_finished_run_has_the_report_of_a_finished_run(tmp_path: Path) -> None:
    run = make_bare_run(tmp_path, RUNNING)
    with recorded(run, {}):
        finish(run, {"training": 2.0})
    record = run.record
    assert (record.status, record.message, dict(record.timings)) == ("finished", "", {"training": 2.0})
    assert record.finished
    assert run.report.read_text(encoding="utf-8") == run_page(run)


def test_without_its_report_a_run_has_not_finished(tmp_path: Path) -> None:
    run = make_bare_run(tmp_path, RUNNING)
    run.report.mkdir()  # nothing can be written in its place
    with pytest.raises(RunDirectoryError, match=r"report\.html: cannot be written"), recorded(run, {"training": 2.0}):
        finish(run, {"training": 2.0})
    record = run.record
    assert record.status == "failed"
    assert "report.html: cannot be written" in record.message
    assert not list(run.path.glob(".tmp-*"))
