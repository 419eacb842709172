"""``runner`` in processes forked from one that has loaded everything already, which takes a new one four seconds.

That process runs nothing of TensorFlow and has no thread of Python's, so that its children are as good as new ones.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_LOADED = (
    "runner.backend.checkpoints",
    "runner.backend.device",
    "runner.backend.keras_h5",
    "runner.backend.sampling",
    "runner.cli.resume",
    "runner.cli.run",
    "runner.launch.resume",
    "runner.report.figures",
    "runner.report.figures.files",
    "runner.report.html",
    "runner.report.tables",
    "plugins.adversarial.strategy",
    "plugins.cluster_shape.scoring",
    "plugins.physgan.critics",
    "plugins.physgan.generators",
    "plugins.tpc_simulation.simulation",
    "rich.console",
    "rich.progress",
)

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([*_LOADED, __name__])


@cache
def _printed_in() -> str:
    """Folder of what is printed, which is not left in the tests' own folders."""
    folder = tempfile.mkdtemp(prefix="runner-printed-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Forked:
    """``runner`` in a forked process, with as much of `subprocess.Popen` as tests need.

    Args:
        arguments: As of ``runner``.
        cwd: Its folder.
        environment: Variables that differ from this process's.
        before: Called in the new process before anything else, e.g. to change what it is going to use.
    """

    def __init__(
        self,
        *arguments: str | Path,
        cwd: Path,
        environment: Mapping[str, str],
        before: tuple[Callable[[], object], ...] = (),
    ) -> None:
        folder = Path(tempfile.mkdtemp(dir=_printed_in()))
        self._printed = (folder / "stdout", folder / "stderr")
        variables = {**os.environ, **environment}
        words = [str(argument) for argument in arguments]
        self._process: Any = _context.Process(
            target=_run, args=(words, cwd, variables, self._printed, before), daemon=True
        )
        self._process.start()
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        """As of Popen: negative for a signal."""
        code: int | None = self._process.exitcode
        return code

    def poll(self) -> int | None:
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("runner", timeout or 0.0)
        out, err = (path.read_text() if path.exists() else "" for path in self._printed)
        return out, err

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def completed(
    *arguments: str | Path, cwd: Path, environment: Mapping[str, str], pictures: bool = False
) -> subprocess.CompletedProcess[str]:
    """One call of ``runner``, to its end; with plain pictures unless they are asked for."""
    before = () if pictures else (plain_pictures,)
    process = Forked(*arguments, cwd=cwd, environment=environment, before=before)
    out, err = process.communicate(300)
    code = process.returncode
    assert code is not None
    return subprocess.CompletedProcess(["runner", *map(str, arguments)], code, out, err)


def _run(
    arguments: list[str],
    folder: Path,
    environment: Mapping[str, str],
    printed: tuple[Path, Path],
    before: tuple[Callable[[], object], ...],
) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in zip((1, 2), printed, strict=True):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(descriptor, number)
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts tests in the background ignores it
    sys.argv = ["runner", *arguments]
    for change in before:
        change()
    from runner.cli import main

    main(arguments)


def plain_pictures() -> None:
    """One small picture in the place of each: they take three quarters of a small run's time, and are not compared."""
    from runner.report import figures
    from runner.report.figures.canvas import blank

    for name in ("gallery", "mean_response", "loss_curves", "validation_curves", "draw"):
        setattr(figures, name, lambda *_, **__: blank(1, 1))
