import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from runner import provenance
from runner.errors import RunDirectoryError
from runner.run_directory import RunDirectory, RunRecord, all_runs, write_atomic
from runner.run_directory import directory as module

RECORD = RunRecord(name="toy", seed=1)

HOLD = """
import sys, time
from pathlib import Path
from runner.run_directory import RunDirectory, RunRecord

run = RunDirectory(Path(sys.argv[1]))
if len(sys.argv) > 2:
    run = RunDirectory.create(run.path, RunRecord(name="toy", seed=1), {})
with run.lock():
    print(run.path, flush=True)
    time.sleep(600)
"""


@contextmanager
def other_process(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that holds the lock of a run, which it may have made itself, and the run's path."""
    command = [sys.executable, "-c", HOLD, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path, RECORD, {})


def test_a_new_folder_has_the_files_and_a_complete_record(tmp_path: Path) -> None:
    files = {"experiment.yaml": "name: toy\n", "resolved.yaml": "name: toy\n", "plugins/mine.py": "pass\n"}
    before = provenance.utc_now()
    run = RunDirectory.create(tmp_path / "new" / "root", RECORD, files)
    record = run.record
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{6}", run.path.name)
    assert run.path.parent == tmp_path / "new" / "root" / "toy"
    assert run.path.name == f"{re.sub('[-:]', '', record.created[:19])}Z-{record.id}"
    assert before <= record.created == record.started <= provenance.utc_now()
    assert (record.host, record.pid) == (provenance.host(), os.getpid())
    assert run.experiment.read_text() == files["experiment.yaml"]
    assert (run.plugins / "mine.py").read_text() == "pass\n"
    assert sorted(path.name for path in run.path.iterdir()) == [
        "experiment.yaml",
        "plugins",
        "resolved.yaml",
        "run.json",
    ]
    assert run.status == "running"
    assert RunDirectory.open(run.path) == run


def test_a_hundred_runs_of_one_second_get_a_hundred_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = iter(range(10**6))
    monkeypatch.setattr(module.os, "urandom", lambda count: (next(few) // 2).to_bytes(count))  # every id twice
    with ThreadPoolExecutor(16) as pool:
        runs = list(pool.map(lambda _: RunDirectory.create(tmp_path, RECORD, {"a": "b"}), range(100)))
    assert len({run.path for run in runs}) == 100
    assert len(all_runs(tmp_path)) == 100
    assert all(run.record.id == run.path.name[-6:] for run in runs)


CREATE = """
import os, sys, time
from pathlib import Path
from runner.run_directory import RunDirectory, RunRecord

second = int(time.time()) + 2
for _ in range(99):
    if not os.fork():
        break
time.sleep(max(0.0, second - time.time()))
RunDirectory.create(Path(sys.argv[1]), RunRecord(name="toy", seed=1), {"a": "b"})
"""


def test_a_hundred_processes_that_begin_in_one_second_get_a_hundred_folders(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CREATE, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.read() == ""  # until the last of them has ended
    runs = all_runs(tmp_path)
    assert len(runs) == 100
    assert len({run.record.pid for run in runs}) == 100
    assert len({run.record.id for run in runs}) == 100


def test_a_folder_is_no_run_before_all_its_files_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = []

    def write(path: Path, content: str) -> None:
        listed.append((path.name, len(all_runs(tmp_path))))
        write_atomic(path, content)

    monkeypatch.setattr(module, "write_atomic", write)
    RunDirectory.create(tmp_path, RECORD, {"experiment.yaml": "a", "resolved.yaml": "b"})
    assert listed == [("experiment.yaml", 0), ("resolved.yaml", 0), ("run.json", 0)]
    assert len(all_runs(tmp_path)) == 1


@pytest.mark.parametrize("error", [RunDirectoryError("disk full"), KeyboardInterrupt()])
def test_nothing_is_left_of_a_folder_that_could_not_be_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def write(path: Path, content: str) -> None:
        if path.name == "run.json":
            raise error
        write_atomic(path, content)

    monkeypatch.setattr(module, "write_atomic", write)
    with pytest.raises(type(error)):
        RunDirectory.create(tmp_path, RECORD, {"experiment.yaml": "a"})
    assert list((tmp_path / "toy").iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "/root", "a\\b", "a\0b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunDirectoryError, match="cannot be the name"):
        RunDirectory.create(tmp_path / "root", replace(RECORD, name=name), {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../up", "a/../../up", "/root"])
def test_a_file_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunDirectoryError, match="cannot be the name of a file"):
        RunDirectory.create(tmp_path, RECORD, {name: "text"})
    assert list((tmp_path / "toy").iterdir()) == []


def test_a_root_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "root").touch()
    with pytest.raises(RunDirectoryError, match=r"root/toy: cannot be made: "):
        RunDirectory.create(tmp_path / "root", RECORD, {})


def test_what_is_no_run_folder_cannot_be_opened(tmp_path: Path, run: RunDirectory) -> None:
    with pytest.raises(RunDirectoryError, match="is no folder, so it is not a run"):
        RunDirectory.open(tmp_path / "missing")
    with pytest.raises(RunDirectoryError, match=r"has no run.json, so it is not a run"):
        RunDirectory.open(tmp_path)
    (run.path / "run.json").write_text("{")
    with pytest.raises(RunDirectoryError, match=r"run.json: is not valid JSON"):
        RunDirectory.open(run.path)


def test_an_update_changes_what_is_given_and_nothing_else(run: RunDirectory) -> None:
    before = run.record
    assert run.update(status="finished", steps=5, timings={"training": 0.5}) == run.record
    assert run.record == replace(before, status="finished", steps=5, timings={"training": 0.5})
    assert run.status == "finished"


def test_a_wrong_update_is_not_written(run: RunDirectory) -> None:
    before = run.record
    for changes in ({"steps": "5"}, {"status": "done"}, {"git": "abc"}):
        with pytest.raises((RunDirectoryError, TypeError, AttributeError)):
            run.update(**changes)
    with pytest.raises(TypeError):
        run.update(mood="good")
    assert run.record == before


def test_a_run_whose_process_was_killed_reads_as_interrupted(tmp_path: Path) -> None:
    with other_process(tmp_path, "create") as (process, path):
        run = RunDirectory.open(path)
        assert run.status == "running"
        assert run.record.pid == process.pid
        process.kill()
        deadline = time.monotonic() + 10
        while run.status == "running" and time.monotonic() < deadline:  # not waited for: it stays as a zombie
            time.sleep(0.01)
        assert run.status == "interrupted"
        assert run.record.status == "running"


def test_a_process_that_took_over_the_number_does_not_count(run: RunDirectory) -> None:
    run.update(process="another boot/123")
    assert run.record.pid == os.getpid()
    assert run.status == "interrupted"


def test_the_status_of_a_run_on_another_host_is_as_recorded(run: RunDirectory) -> None:
    run.update(host="elsewhere", process="")
    assert run.status == "running"


def test_a_second_writer_is_told_about_the_first(run: RunDirectory) -> None:
    with other_process(run.path) as (process, _):
        expected = f"{run.path}: process {process.pid} on {provenance.host()} writes to this run"
        with pytest.raises(RunDirectoryError, match=re.escape(expected)), run.lock():
            pass
    with run.lock():
        expected = f"process {os.getpid()} on "
        with pytest.raises(RunDirectoryError, match=expected), run.lock():
            pass
    with run.lock():
        pass


def test_the_lock_of_a_killed_process_is_taken_over_and_its_half_files_removed(run: RunDirectory) -> None:
    with other_process(run.path) as (process, _):
        process.send_signal(signal.SIGKILL)
        process.wait()
    (run.path / "model").mkdir()
    (run.path / "model" / ".tmp-12345678-generator.h5").touch()
    (run.path / "model" / "generator.h5").touch()
    with run.lock():
        assert os.listdir(run.model) == ["generator.h5"]


def test_the_lock_is_given_back_after_an_error(run: RunDirectory) -> None:
    with pytest.raises(ValueError, match="inside"), run.lock():
        raise ValueError("inside")
    with run.lock():
        pass


RACE = """
import sys, time
from pathlib import Path
from runner.errors import RunDirectoryError
from runner.run_directory import RunDirectory

run, counter = RunDirectory(Path(sys.argv[1])), Path(sys.argv[1], "counter")
done = 0
while done < 50:
    try:
        with run.lock():
            number = int(counter.read_text())
            time.sleep(0.0005)
            counter.write_text(str(number + 1))
            done += 1
    except RunDirectoryError:
        time.sleep(0.0005)
"""


def test_two_processes_never_hold_the_lock_together(run: RunDirectory) -> None:
    (run.path / "counter").write_text("0")
    processes = [subprocess.Popen([sys.executable, "-c", RACE, str(run.path)]) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert (run.path / "counter").read_text() == "100"


def test_listing_runs_loads_no_numpy(run: RunDirectory) -> None:
    code = (
        "import sys; from pathlib import Path; from runner.run_directory import all_runs, read_scores\n"
        "[(run.record, run.status, read_scores(run)) for run in all_runs(Path(sys.argv[1]))]\n"
        "print({'numpy', 'h5py', 'pydantic', 'tensorflow'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, str(run.path.parent.parent)]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "set()\n"
