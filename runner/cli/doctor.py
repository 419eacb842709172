"""``runner doctor``: whether everything an experiment needs is there."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

import click

from runner.cli import options


@click.command()
@options.runs_root
@options.table_format("table", "json")
def command(root: Path, form: str) -> None:
    """Show versions, devices, threads, disk space and plugins.

    Exits with 1 if TensorFlow or a plugin does not load.
    """
    from runner import provenance
    from runner.plugin_manager import load_plugins
    from runner.report.tables import Column, Table, render

    facts: list[tuple[str, str]] = [("python", platform.python_version()), ("platform", platform.platform())]
    facts += [(name, version) for name, version in provenance.versions().items() if name != "python"]
    devices, healthy = _devices()
    facts += devices
    facts.append(("threads", f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} CPUs"))
    facts.append(_disk(root))
    facts.append(("RUNNER_DATA", os.environ.get("RUNNER_DATA", "not set")))
    plugins = load_plugins()
    facts.append(("plugins", ", ".join(f"{plugin.name} ({plugin.source})" for plugin in plugins.loaded)))
    facts += [(f"broken plugin {plugin.name}", plugin.reason) for plugin in plugins.broken]
    records = tuple({"what": name, "found": value} for name, value in facts)
    click.echo(render(Table("Doctor", (Column("what"), Column("found", wrap=True)), tuple(facts), records), form))
    if not healthy or plugins.broken:
        raise SystemExit(1)


def _devices() -> tuple[list[tuple[str, str]], bool]:
    """What TensorFlow sees; it is loaded here, in the one light-looking command that has to."""
    try:
        from runner.backend.device import available
    except ImportError as error:
        return [("devices", f"TensorFlow does not load: {error}")], False
    return [("devices", ", ".join(available()))], True


def _disk(root: Path) -> tuple[str, str]:
    folder = root.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    writable = "" if os.access(folder, os.W_OK) else ", not writable"
    return "runs", f"{root.absolute()} ({free:.1f} GiB free{writable})"
