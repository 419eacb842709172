import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import RunDirectoryError
from runner.run_directory import HistoryWriter, RunDirectory, RunRecord, read_history
from runner.run_directory import history as module


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path, RunRecord(name="toy", seed=1), {})


def block(first: int, steps: int, scale: float = 1.0) -> dict[str, np.ndarray]:
    """Losses that follow from their step, in an order that is not the alphabet's."""
    step = np.arange(first, first + steps, dtype=np.float32)
    return {"generator": scale * step, "critic": -scale * step}


def check(run: RunDirectory, steps: int) -> None:
    history = read_history(run)
    np.testing.assert_array_equal(history.step, np.arange(1, steps + 1))
    assert history.step.dtype == np.int64
    assert history.columns == ("generator", "critic")
    np.testing.assert_array_equal(history.losses["generator"], np.arange(1, steps + 1))
    np.testing.assert_array_equal(history.losses["critic"], -np.arange(1, steps + 1))


def test_a_run_without_losses_has_an_empty_history(run: RunDirectory) -> None:
    writer = HistoryWriter(run)
    writer.flush()
    writer.merge()
    history = read_history(run)
    assert (history.step.shape, history.columns) == ((0,), ())
    assert not run.history.exists()


def test_losses_are_readable_as_soon_as_they_are_flushed(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 100)
    writer = HistoryWriter(run)
    writer.append(1, block(1, 50))
    assert len(read_history(run).step) == 0
    writer.append(51, block(51, 49))
    writer.flush()
    check(run, 99)
    writer.append(100, block(100, 7))
    writer.flush()
    check(run, 106)
    writer.append(107, block(107, 1))
    writer.flush()
    check(run, 107)
    assert sorted(path.name for path in run.history_blocks.iterdir()) == ["000000001.h5", "000000107.h5"]


def test_however_often_it_is_flushed_there_are_few_files(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 100)
    writer = HistoryWriter(run)
    for first in range(1, 501, 5):
        writer.append(first, block(first, 5))
        writer.flush()
        writer.flush()
    check(run, 500)
    assert len(list(run.history_blocks.iterdir())) == 5


def test_what_was_written_before_a_cut_is_not_written_again(run: RunDirectory) -> None:
    writer = HistoryWriter(run)
    writer.append(1, block(1, 20, scale=7))
    writer.cut(10)
    writer.append(11, block(11, 5))
    writer.flush()
    history = read_history(run)
    np.testing.assert_array_equal(history.step, np.arange(1, 16))
    np.testing.assert_array_equal(history.losses["generator"][[9, 10]], [70, 11])


def test_merging_leaves_one_file_and_can_be_repeated(run: RunDirectory) -> None:
    for first in (1, 11, 21):
        writer = HistoryWriter(run)
        writer.append(first, block(first, 10))
        writer.merge()
        check(run, first + 9)
        assert not run.history_blocks.exists()
    with h5py.File(run.history, "r") as file:
        assert list(file.attrs["columns"]) == ["generator", "critic"]
        assert file["losses/critic"].shape == file["step"].shape == (30,)


def test_appended_losses_are_copied(run: RunDirectory) -> None:
    writer, losses = HistoryWriter(run), block(1, 5)
    writer.append(1, losses)
    losses["generator"][:] = 0
    writer.flush()
    check(run, 5)


def test_nan_losses_are_kept(run: RunDirectory) -> None:
    writer = HistoryWriter(run)
    writer.append(1, {"critic": np.array([1.0, np.nan, np.inf])})
    writer.merge()
    np.testing.assert_array_equal(read_history(run).losses["critic"], [1.0, np.nan, np.inf])


def test_a_kill_between_merging_and_removing_blocks_leaves_no_step_twice(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 10)
    writer = HistoryWriter(run)
    writer.append(1, block(1, 10))
    writer.flush()
    writer.append(11, block(11, 10))

    unlink = Path.unlink

    def interrupted(path: Path, missing_ok: bool = False) -> None:
        if path.parent == run.history_blocks and path.stem.isdigit():
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", interrupted)
        with pytest.raises(KeyboardInterrupt):
            writer.merge()
    assert run.history.exists()
    assert len(list(run.history_blocks.iterdir())) == 2
    check(run, 20)
    HistoryWriter(run).merge()
    check(run, 20)
    assert not run.history_blocks.exists()


def test_a_resumed_run_replaces_the_steps_it_repeats(run: RunDirectory) -> None:
    first = HistoryWriter(run)
    first.append(1, block(1, 10))
    first.append(11, block(11, 10, scale=7))  # steps 13 to 20 came after the last checkpoint
    first.flush()
    resumed = HistoryWriter(run)
    resumed.append(11, block(11, 15))
    resumed.flush()
    check(run, 25)
    resumed.merge()
    check(run, 25)


@pytest.mark.parametrize("merged", [0, 250, 490])
@pytest.mark.parametrize("most", [1, 7, 100, 489, 490, 1000])
def test_about_as_many_steps_are_read_as_are_wanted(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch, merged: int, most: int
) -> None:
    monkeypatch.setattr(module, "_BLOCK", 30)
    writer = HistoryWriter(run)
    for first in range(1, 491, 10):
        writer.append(first, block(first, 10))
        writer.flush()
        if first + 9 == merged:
            writer.merge()
    history = read_history(run, most)
    every = {1: 490, 7: 70, 100: 5, 489: 2}.get(most, 1)
    np.testing.assert_array_equal(history.step, sorted({*range(every, 491, every), 490}))
    np.testing.assert_array_equal(history.losses["generator"], history.step)
    np.testing.assert_array_equal(history.losses["critic"], -history.step)


def test_a_history_without_steps_can_be_thinned(run: RunDirectory) -> None:
    assert len(read_history(run, 10).step) == 0


def test_the_losses_of_a_long_training_are_never_all_in_memory(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes of NumPy and Python; the HDF5 library's own are those of the file it builds."""
    monkeypatch.setattr(module, "_BLOCK", 500)
    names, steps = [f"loss {number}" for number in range(8)], 30_000
    whole = (1 + len(names)) * steps * 8
    writer = HistoryWriter(run)
    read_history(run, 100)  # what is imported is no part of it

    def train() -> None:
        for first in range(1, steps + 1, 500):
            writer.append(first, dict.fromkeys(names, np.arange(500.0)))
            writer.flush()

    assert most_bytes(train) < 0.1 * whole
    assert most_bytes(lambda: read_history(run, 100)) < 0.1 * whole
    assert most_bytes(writer.merge) < 1.8 * whole  # the finished file and one column, sorted
    assert len(read_history(run).step) == steps
    assert most_bytes(lambda: HistoryWriter(run)) < 0.1 * whole


def most_bytes(action: Callable[[], object]) -> int:
    """The most that is allocated at once while `action` goes on."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_losses_may_not_change_their_names(run: RunDirectory) -> None:
    writer = HistoryWriter(run)
    writer.append(1, block(1, 5))
    with pytest.raises(RunDirectoryError, match="the losses are critic, but those of earlier steps were generator"):
        writer.append(6, {"critic": np.zeros(5)})
    writer.flush()
    with pytest.raises(RunDirectoryError, match="the losses are critic"):
        HistoryWriter(run).append(6, {"critic": np.zeros(5)})
    other = RunDirectory.create(run.path, RunRecord(name="other", seed=1), {})
    another = HistoryWriter(other)
    another.append(6, {"critic": np.zeros(5)})
    another.flush()
    (other.history_blocks / "000000006.h5").rename(run.history_blocks / "000000006.h5")
    with pytest.raises(RunDirectoryError, match=r"000000006.h5: the losses are critic"):
        read_history(run)


@pytest.mark.parametrize(
    "losses", [{}, {"a": np.zeros(3), "b": np.zeros(4)}, {"a": np.zeros((3, 2))}, {"a": np.float32(1)}]
)
def test_losses_need_one_length(run: RunDirectory, losses: dict[str, np.ndarray]) -> None:
    with pytest.raises(RunDirectoryError, match=r"must have one length, \(steps,\)"):
        HistoryWriter(run).append(1, losses)


@pytest.mark.parametrize("content", [b"", b"no HDF5", b"\x89HDF\r\n\x1a\n"])
def test_a_broken_block_is_named(run: RunDirectory, content: bytes) -> None:
    run.history_blocks.mkdir()
    (run.history_blocks / "000000001.h5").write_bytes(content)
    with pytest.raises(RunDirectoryError, match=r"history/000000001.h5: is not a history of losses"):
        read_history(run)


def test_another_hdf5_file_is_refused(run: RunDirectory) -> None:
    with h5py.File(run.history, "w") as file:
        file.attrs["columns"] = ["a"]
        file["step"] = np.arange(3)
        file["losses/a"] = np.zeros(4)
    with pytest.raises(RunDirectoryError, match="do not fit each other"):
        read_history(run)


@pytest.mark.parametrize("name", ["\x1b[31m", "a\nb", "x" * 1000])
def test_names_that_cannot_be_shown_are_refused(run: RunDirectory, name: str) -> None:
    with h5py.File(run.history, "w") as file:
        file.attrs["columns"] = [name]
        file["step"] = np.arange(3)
        file["losses/a"] = np.zeros(3)
    with pytest.raises(RunDirectoryError, match="the names of its losses are none") as caught:
        read_history(run)
    assert str(caught.value).isprintable()


def test_reading_what_was_written_here_starts_no_process(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", None)
    writer = HistoryWriter(run)
    for first in (1, 11):
        writer.append(first, block(first, 10))
        writer.flush()
        check(run, first + 9)
    writer.merge()
    check(run, 20)


def test_a_block_that_is_merged_while_the_history_is_read_is_not_lost(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = HistoryWriter(run)
    writer.append(1, block(1, 10))
    writer.flush()
    find_blocks = module._blocks

    def merged_meanwhile(run: RunDirectory) -> list[Path]:
        found = find_blocks(run)
        monkeypatch.setattr(module, "_blocks", find_blocks)
        writer.merge()
        return found

    monkeypatch.setattr(module, "_blocks", merged_meanwhile)
    check(run, 10)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 12), st.booleans(), st.booleans()), max_size=8))
def test_however_it_is_flushed_and_merged_every_step_is_there_once(
    tmp_path_factory: pytest.TempPathFactory, parts: list[tuple[int, bool, bool]]
) -> None:
    run = RunDirectory.create(tmp_path_factory.mktemp("runs"), RunRecord(name="toy", seed=1), {})
    writer, next_step = HistoryWriter(run), 1
    for steps, flushed, merged in parts:
        writer.append(next_step, block(next_step, steps))
        next_step += steps
        if flushed:
            writer.flush()
        if merged:
            writer.merge()
    writer.flush()
    if parts:
        check(run, next_step - 1)


KILLED = """
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
import numpy as np
from runner.run_directory import HistoryWriter, RunDirectory

writer, first = HistoryWriter(RunDirectory(Path(sys.argv[1]))), 1
while True:
    step = np.arange(first, first + 5, dtype=np.float32)
    writer.append(first, {"generator": step, "critic": -step})
    writer.flush()
    first += 5
    if first % 50 == 1:
        writer.merge()
    print(first - 1, flush=True)
"""


@pytest.mark.parametrize("lines", [3, 9, 10, 11, 25])
def test_after_a_kill_the_history_is_readable_up_to_the_last_block(run: RunDirectory, lines: int) -> None:
    command = [sys.executable, "-c", KILLED, str(run.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(lines):
            reported = int(process.stdout.readline())
        process.kill()
    steps = len(read_history(run).step)
    assert steps >= reported
    check(run, steps)
