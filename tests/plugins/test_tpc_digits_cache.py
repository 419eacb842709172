"""Files too large for the memory: the same events, kept on disk, converted once."""

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plugins.tpc_digits import TpcDigits, TpcDigitsParams
from plugins.tpc_digits.cache import cached
from plugins.tpc_digits.pieces import pieces
from runner import testing
from runner.api import DataError, Sample

COLUMNS = [{"name": "crossing_angle", "unit": "deg", "range": (0.0, 15.0)}]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cache is."""
    monkeypatch.setenv("RUNNER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def rows(events: int = 200) -> list[str]:
    """Rows of a CSV file, its events in another order than that of their numbers."""
    rng = np.random.default_rng(1)
    text = ["evtId,ipad,itime,amp,crossing_angle"]
    for event in rng.permutation(events):
        angle = rng.uniform(0, 15)
        pixels = rng.choice(64, rng.integers(1, 9), replace=False)
        text += [f"{event},{40 + p // 8},{267 + p % 8},{rng.uniform(1, 99):.3f},{angle:.4f}" for p in pixels]
    return text


def dataset(path: Path, **params: Any) -> tuple[TpcDigitsParams, Sample]:
    """Parameters, and the events as they are in memory."""
    made = TpcDigitsParams(path=path, conditions=COLUMNS, **params)
    return made, TpcDigits().load(made, np.random.default_rng(0))


def same(stored: Sample, memory: Sample) -> None:
    assert stored.stored
    assert not memory.stored
    np.testing.assert_array_equal(stored.responses, memory.responses)
    np.testing.assert_array_equal(stored.conditions, memory.conditions)
    np.testing.assert_array_equal(stored.event_ids, memory.event_ids)


def write(kind: str, path: Path) -> Path:
    """The same 200 events in one of the formats."""
    (path / "digits.csv").write_text("\n".join(rows()) + "\n")
    if kind == "csv":
        return path / "digits.csv"
    _, sample = dataset(path / "digits.csv")
    from plugins.tpc_digits import DatWriter, Hdf5Writer

    writer = DatWriter() if kind == "dat" else Hdf5Writer()
    target = path / f"digits{writer.suffix}"
    writer.write(target, sample.info, len(sample), iter([sample]))
    return target


@pytest.mark.parametrize("kind", ["csv", "dat", "hdf5"])
@pytest.mark.parametrize("piece", [300, 5000, 2**26])
def test_events_on_disk_are_those_in_memory(tmp_path: Path, kind: str, piece: int) -> None:
    params, memory = dataset(write(kind, tmp_path))
    same(cached(params, TpcDigits().describe(params), piece), memory)
    found = list(pieces(params.path, ["crossing_angle"], piece))
    assert (len(found) > 2) == (piece < 2**20)
    events = [set(hits.event) for hits in found]
    assert sum(map(len, events)) == len(set.union(*events))  # none is cut in two


def test_a_file_is_converted_once_and_again_when_it_or_a_parameter_changes(tmp_path: Path, folder: Path) -> None:
    path = write("csv", tmp_path)
    params, memory = dataset(path, largest_in_memory=0)[0], dataset(path)[1]
    same(TpcDigits().load(params, np.random.default_rng(0)), memory)
    (first,) = folder.glob("*.h5")
    before = first.stat().st_mtime_ns
    same(TpcDigits().load(params, np.random.default_rng(0)), memory)
    assert first.stat().st_mtime_ns == before
    dataset(path, largest_in_memory=0, threshold=20.0)
    assert len(list(folder.glob("*.h5"))) == 2
    path.write_text("\n".join(rows(150)) + "\n")
    assert len(TpcDigits().load(params, np.random.default_rng(0))) == 150
    assert len(list(folder.glob("*.h5"))) == 3


def test_mistakes_are_told_with_their_row_and_leave_nothing(tmp_path: Path, folder: Path) -> None:
    text = rows()
    path = tmp_path / "digits.csv"
    broken = [*text[:501], text[501].replace(",", ";"), *text[502:]]
    path.write_text("\n".join(broken))
    params = TpcDigitsParams(path=path, conditions=COLUMNS)
    info = TpcDigits().describe(params)
    with pytest.raises(DataError, match="row 502, event"):
        cached(params, info, 1000)
    path.write_text("\n".join([*text[:501], "7,99,267,5,1", *text[501:]]))
    with pytest.raises(DataError, match="row 502, event 7: "):
        cached(params, info, 1000)
    event, *_, angle = text[1].split(",")
    taken = {tuple(row.split(",")[1:3]) for row in text if row.startswith(f"{event},")}
    free = ((pad, time) for pad in ["40", "41", "42"] for time in ["267", "268", "269"] if (pad, time) not in taken)
    path.write_text("\n".join([*text, ",".join([event, *next(free), "5", angle])]))
    assert len(cached(params, info)) == 200
    with pytest.raises(DataError, match=f"hits of event {event} stand far apart"):
        cached(params.model_copy(update={"threshold": 2.0}), info, 1000)
    assert sorted(path.suffix for path in folder.iterdir()) == [".h5", *[".lock"] * 4]


def test_notes_of_every_piece_are_kept(tmp_path: Path) -> None:
    params = TpcDigitsParams(path=write("csv", tmp_path), conditions=COLUMNS, threshold=50.0)
    notes = cached(params, TpcDigits().describe(params), 2000).notes
    assert len(notes) > 3
    assert all("below the threshold" in note and note.startswith("row ") for note in notes)


def _load(path: Path, results: Any) -> None:
    params = TpcDigitsParams(path=path, conditions=COLUMNS, largest_in_memory=0)
    results.put(float(np.asarray(TpcDigits().load(params, np.random.default_rng(0)).responses).sum()))


def test_processes_that_start_together_share_one_cache(tmp_path: Path, folder: Path) -> None:
    path = write("csv", tmp_path)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_load, args=(path, results)) for _ in range(3)]
    for process in processes:
        process.start()
    found = {results.get(timeout=120) for _ in processes}
    for process in processes:
        process.join()
    assert found == {float(dataset(path)[1].responses.sum())}
    assert len(list(folder.glob("*.h5"))) == 1
    assert not [path for path in folder.iterdir() if path.name.startswith(".tmp")]


def test_a_damaged_cache_is_made_again_and_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params, _ = dataset(write("csv", tmp_path), largest_in_memory=0)
    (path,) = folder.glob("*.h5")
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"this cache is damaged .* and was removed"):
        TpcDigits().load(params, np.random.default_rng(0))
    assert len(TpcDigits().load(params, np.random.default_rng(0))) == 200
    monkeypatch.setenv("RUNNER_CACHE", str(path / "below a file"))
    with pytest.raises(DataError, match=r"cannot be kept here: .*; make room there, or set RUNNER_CACHE"):
        TpcDigits().load(params, np.random.default_rng(0))


def test_the_component_keeps_its_contract_with_events_on_disk(tmp_path: Path) -> None:
    conditions = [{**COLUMNS[0], "range": [0.0, 15.0]}]
    settings = {"path": str(write("csv", tmp_path)), "conditions": conditions, "largest_in_memory": 0}
    testing.check_component(TpcDigits(), settings)
