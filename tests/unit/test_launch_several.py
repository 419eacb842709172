"""With a stand-in for ``runner run`` that makes a run folder, waits or fails as its seed says."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.launch import several
from runner.launch.several import Ended, exit_code, run_seeds

STAND_IN = """#!{python}
import os, signal, sys, time
from pathlib import Path
from runner.run_directory import RunDirectory, RunRecord

def stop(number, frame):
    (root / f"signal-{{number}}-{{seed}}").touch()
    sys.exit(75)

arguments = sys.argv[1:]
assert arguments[:3] == ["-m", "runner", "run"], arguments
assert arguments[-1] == "seeds=null"
root, seed = Path(arguments[3]), int(arguments[-3].removeprefix("seed="))
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
    signal.signal(number, stop)
if seed != 8:
    RunDirectory.create(root, RunRecord(name="x", seed=seed, status="finished"), {{}})
print("said", file=sys.stderr, flush=True)
(root / f"begun-{{seed}}").touch()
if seed in (1, 2):  # each waits for the other
    while not all((root / f"begun-{{one}}").exists() for one in (1, 2)):
        time.sleep(0.01)
if seed >= 100:
    time.sleep(60)
sys.exit({{7: 6, 8: 4}}.get(seed, 0))
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Ended, ...]]:
    program = tmp_path / "python"
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setattr(several.sys, "executable", str(program))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return lambda *seeds, jobs=1: run_seeds(seeds, [str(tmp_path)], "x", tmp_path, jobs=jobs)


def test_each_seed_has_its_run(run: Callable[..., tuple[Ended, ...]]) -> None:
    ended = run(5, 3)
    assert [(one.seed, one.code, one.directory and one.directory.record.seed) for one in ended] == [
        (5, 0, 5),
        (3, 0, 3),
    ]
    assert exit_code(ended) == 0


def test_several_run_at_a_time(run: Callable[..., tuple[Ended, ...]], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "runner"):
        assert [one.code for one in run(1, 2, jobs=2)] == [0, 0]
    assert {"seed 1: said", "seed 2: said"} <= set(caplog.messages)


def test_a_run_that_fails_does_not_lose_the_others(run: Callable[..., tuple[Ended, ...]]) -> None:
    ended = run(3, 7, 8, 4)
    assert [one.code for one in ended] == [0, 6, 4, 0]
    assert [one.directory is not None for one in ended] == [True, True, False, True]
    assert exit_code(ended) == 6


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_stops_all_and_begins_no_more(
    run: Callable[..., tuple[Ended, ...]], tmp_path: Path, number: signal.Signals
) -> None:
    def send() -> None:
        while not all((tmp_path / f"begun-{seed}").exists() for seed in (100, 101)):
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    threading.Thread(target=send, daemon=True).start()
    before = signal.getsignal(number)
    ended = run(100, 101, 102, jobs=2)
    assert [one.code for one in ended] == [75, 75, None]
    assert ended[2].directory is None
    assert all((tmp_path / f"signal-{number:d}-{seed}").exists() for seed in (100, 101))
    assert not (tmp_path / "begun-102").exists()
    assert signal.getsignal(number) == before
    assert exit_code(ended) == 75


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([0, 0], 0),
        ([0, 6, 4], 6),
        ([6, 75, None], 75),
        ([75, 130, None], 130),
        ([-signal.SIGINT, None], 130),
        ([-signal.SIGUSR1, None], 75),
        ([None], 75),
        ([0, -signal.SIGKILL, 6], 137),
    ],
)
def test_exit_codes(codes: list[int | None], expected: int) -> None:
    assert exit_code([Ended(seed, code, None) for seed, code in enumerate(codes)]) == expected
