import io
import logging
from pathlib import Path

import pytest
from rich.console import Console

from runner.errors import RunDirectoryError
from runner.report import progress
from runner.report.progress import TrainingProgress, log_file, say_on

log = logging.getLogger("runner")


@pytest.fixture(autouse=True)
def quiet() -> object:
    handlers, propagate, level = log.handlers[:], log.propagate, log.level
    yield
    log.handlers[:], log.propagate = handlers, propagate
    log.setLevel(level)


def test_plain_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = io.StringIO()
    console = Console(file=text, width=30)
    say_on(console)
    with TrainingProgress(console, steps=100) as shown:
        shown.update(50, {"critic": 1.23456, "generator": -2.0})
        shown.update(100, {"critic": 0.5, "generator": 0.25})
    (line,) = text.getvalue().splitlines()  # the first one came less than ten seconds after the start
    assert line.startswith("step 100/100  critic 0.5  generator 0.25  ")
    assert line.endswith(" steps/s  0:00 left")


def test_a_line_every_ten_seconds_with_the_remaining_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 20.0, 25.0, 40.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    text = io.StringIO()
    console = Console(file=text, width=200)
    say_on(console)
    shown = TrainingProgress(console, steps=1000)
    for step in (100, 125, 200):
        shown.update(step, {"critic": 1.0})
    assert text.getvalue().splitlines() == [
        "step 100/1000  critic 1  5.0 steps/s  3:00 left",
        "step 200/1000  critic 1  5.0 steps/s  2:40 left",
    ]


def test_a_bar_on_a_terminal_and_messages_above_it() -> None:
    text = io.StringIO()
    console = Console(file=text, width=120, force_terminal=True)
    say_on(console)
    with TrainingProgress(console, steps=10) as shown:
        shown.update(5, {"critic": 1.5})
        log.info("a message")
        shown._bar.refresh()
    written = text.getvalue()
    assert "5/10" in written
    assert "critic 1.5" in written
    assert "a message" in written


def test_everything_said_is_in_the_log_file_with_utc_times(tmp_path: Path) -> None:
    say_on(Console(file=io.StringIO()))
    with log_file(tmp_path / "log.txt"):
        log.info("inside")
        log.info("only here", extra={"only_file": True})
    log.info("outside")
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert [line.split(" ", 2)[1:] for line in lines] == [["INFO", "inside"], ["INFO", "only here"]]
    assert lines[0].partition(" ")[0].endswith("Z")


def test_a_log_that_fills_its_disk_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """What else has to be written there fails too, and says so better."""
    with log_file(Path("/dev/full")):
        log.error("where does it go?", extra={"only_file": True})
    assert capsys.readouterr().err == ""


def test_a_log_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(RunDirectoryError, match=r"log\.txt: cannot be written: "),
        log_file(tmp_path / "no" / "log.txt"),
    ):
        pass
