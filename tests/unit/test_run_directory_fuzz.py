"""Whatever is in the files of a run folder, reading gives a result or a RunnerError, soon and in little memory."""

import copy
import json
import resource
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner import config
from runner.api import Axis, Condition, Curves, DataInfo, Histogram, Maps, Sample
from runner.compare import compare
from runner.errors import RunnerError
from runner.hdf5 import judge
from runner.plan import make_plan, plan_run
from runner.run_directory import (
    HistoryWriter,
    RunDirectory,
    RunRecord,
    ScoreFile,
    ScoreRow,
    all_runs,
    checkpoint_path,
    find,
    keep_checkpoint,
    newest_checkpoint,
    read_figures,
    read_history,
    read_sample,
    read_scores,
    write_figures,
    write_hdf5,
    write_sample,
    write_scores,
)
from runner.run_directory.checkpoints import manifest

MEMORY = 2**19  # KiB that may come on top of what is used before
SECONDS = 10
STRANGE: list[Any] = [
    *(None, True, -1, 0, 1.5, 10**30, 10**4000, 1e308, float("nan"), float("inf"), "Infinity", "", "x", "1.0", "99.0"),
    *("../../x", "/etc/passwd", "\ud800", "\0", "\x1b[31m", "x" * 5000, "running", "step-000000010.h5"),
    *([], [1], [[]], {}, {"name": "x"}, [{}], "9" * 5000),
]
SIZES = [0, 1, 2**31 - 1, 2**32, 2**40, 2**63, 2**64 - 1]
INFO = DataInfo((Axis("pad", 3), Axis("time", 4)), "amplitude", "ADC", 1, (Condition("angle", "deg", -20, 20),))


@pytest.fixture(autouse=True)
def _short_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.hdf5.trust.SECONDS", 2.0)


@pytest.fixture
def run(tmp_path: Path, root: Path) -> RunDirectory:
    """A run with every file that is read back."""
    resolved = config.dump(make_plan(config.read(root / "experiments" / "quickstart.yaml")).resolved())
    run = RunDirectory.create(tmp_path / "runs", RunRecord(name="toy", seed=1), {"resolved.yaml": resolved})
    rows = [ScoreRow(metric="m", score=s, value=1, error=None, unit="1", better="zero", split="test", step=20,
                     events=9, version=1, headline=True) for s in "ab"]  # fmt: skip
    write_scores(run, ScoreFile(data_digest="abc", rows=tuple(rows), notes=("a note",)))
    writer = HistoryWriter(run)
    for first in (1, 11, 21):
        writer.append(first, {"generator": np.ones(10), "critic": np.zeros(10)})
        if first < 21:
            writer.merge()
    writer.flush()
    for step in (10, 20):
        with write_hdf5(checkpoint_path(run, step)) as file:
            file.attrs["step"] = step
        keep_checkpoint(run, step, last=2, every=None)
    events = np.arange(30)
    responses = np.ones((30, 3, 4), np.float32)
    write_sample(run.samples / "real.h5", Sample(INFO, responses, np.ones((30, 1), np.float32), events, ("a note",)))
    image, line = np.ones((3, 4)), np.ones((5, 2))
    figures = (
        Histogram("width", "Width", "width", "pad", np.ones(2000), np.ones(30), mark=1.0),
        Maps("occupancy", "Occupancy", "share", "", (INFO.axes[0], INFO.axes[1]), image, image),
        Curves("roc", "ROC", ("x", "y"), ("", ""), {"trees": line}, np.ones((5, 3))),
    )
    write_figures(run, {"m": figures}, step=20)
    return run


def readers(run: RunDirectory) -> dict[str, Callable[[], Any]]:
    """Everything that reads a run folder, by what it is called in messages of this test."""
    return {
        "open": lambda: RunDirectory.open(run.path),
        "status": lambda: run.status,
        "find": lambda: [find(name, run.path.parent.parent) for name in ("@last", "toy", str(run.path))],
        "all_runs": lambda: all_runs(run.path.parent.parent),
        "scores": lambda: read_scores(run),
        "compare": lambda: compare([run, run]),
        "manifest": lambda: manifest(run),
        "newest_checkpoint": lambda: newest_checkpoint(run),
        "plan": lambda: plan_run(run),
        "history": lambda: read_history(run),
        "figures": lambda: read_figures(run),
        "sample": lambda: read_sample(run.samples / "real.h5"),
    }


def outcomes(run: RunDirectory, names: tuple[str, ...]) -> Iterator[str]:
    """What is said by some readers; nothing where they give a result."""
    for name in names:
        try:
            readers(run)[name]()
        except RunnerError as error:
            yield str(error)
        else:
            yield ""


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every value of a tree: what it is in, and its key there."""
    for key, value in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        yield tree, key
        if isinstance(value, dict | list):
            yield from places(value)


def changed_json(content: bytes, rng: np.random.Generator) -> bytes:
    """One to three values replaced, removed or doubled."""
    tree = json.loads(content)
    for _ in range(rng.integers(1, 4)):
        found = list(places(tree))
        inside, key = found[rng.integers(len(found))]
        what = rng.integers(6)
        if what == 0:
            del inside[key]
        elif what == 1 and isinstance(inside, list):
            inside.insert(0, inside[key])
        else:
            inside[key] = copy.deepcopy(STRANGE[rng.integers(len(STRANGE))])
        if not tree:
            break
    text = json.dumps(tree)  # numbers of more digits than Python writes are put in as text
    return text.replace('"' + "9" * 5000 + '"', "9" * 5000).encode()


def changed_bytes(content: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes or sizes replaced, a part taken out, or the end cut off."""
    for _ in range(rng.integers(1, 4)):
        place, what = int(rng.integers(len(content) + 1)), rng.integers(8)
        if what == 0:
            content = content[:place]
        elif what == 1:
            content = content[:place] + content[place + int(rng.integers(1, 20)) :]
        elif what < 5:
            size = struct.pack("<Q", SIZES[rng.integers(len(SIZES))])[: 2 ** rng.integers(1, 4)]
            place -= place % int(rng.choice([1, 2, 8]))
            content = content[:place] + size + content[place + len(size) :]
        else:
            content = content[:place] + rng.bytes(1) + content[place + 1 :]
    return content


def fuzz(run: RunDirectory, file: str, rng: np.random.Generator, number: int) -> list[str]:
    """What is said of a run, one of whose text files is changed that many times."""
    path, messages = run.path / file, []
    content = path.read_bytes()
    names = ("open", "status", "find", "all_runs", "scores", "compare", "manifest", "newest_checkpoint", "plan")
    for count in range(number):
        change = changed_json if count % 2 and file.endswith(".json") else changed_bytes
        path.write_bytes(change(content, rng))
        messages += outcomes(run, names)
    path.write_bytes(content)
    return messages


def fuzz_hdf5(run: RunDirectory, file: str, rng: np.random.Generator, number: int) -> list[str]:
    """What is said of that many runs whose only file is a changed one."""
    content, runs = (run.path / file).read_bytes(), []
    for count in range(number):
        runs.append(RunDirectory(run.path / "changed" / f"{rng.integers(2**60)}-{count}"))
        path = runs[-1].path / file
        path.parent.mkdir(parents=True)
        path.write_bytes(changed_bytes(content, rng))
    judge(other.path / file for other in runs)  # one process for all makes this faster, and changes nothing else
    reader = next((name for name in ("sample", "figures") if name in file), "history")
    return [message for other in runs for message in outcomes(other, (reader,))]


def is_fine(message: str) -> bool:
    return len(message) < 20_000 and message.replace("\n", "").isprintable()


def test_the_run_is_read_where_nothing_is_changed(run: RunDirectory) -> None:
    assert set(outcomes(run, tuple(readers(run)))) == {""}


@pytest.mark.parametrize("file", ["run.json", "scores.json", "checkpoints/manifest.json", "resolved.yaml"])
def test_changed_texts(run: RunDirectory, file: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    messages = fuzz(run, file, np.random.default_rng(5), 60)
    assert 0 < messages.count("") < len(messages)
    assert [message for message in messages if not is_fine(message)] == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


@pytest.mark.parametrize("file", ["history.h5", "history/000000021.h5", "samples/real.h5", "figures.h5"])
def test_changed_hdf5_files(run: RunDirectory, file: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    messages = fuzz_hdf5(run, file, np.random.default_rng(6), 150)
    assert 0 < messages.count("") < len(messages)
    assert [message for message in messages if not is_fine(message)] == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[" * 10**6, "is not valid JSON"),
        (b'{"a":' * 10**6, "is not valid JSON"),
        (b"9" * 10**6, "is not valid JSON"),
        (b"[" + b"[]," * 10**6, "is not valid JSON"),
        (b" " * (10**7 + 1), "is larger than 10 MB"),
    ],
    ids=range(5),
)
def test_what_would_take_long_ends(run: RunDirectory, content: bytes, words: str) -> None:
    begin, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in (run.path / "run.json", run.scores, run.checkpoints / "manifest.json"):
        path.write_bytes(content)
    for message in outcomes(run, ("open", "scores", "manifest")):
        assert words in message
        assert is_fine(message)
    assert time.process_time() - begin < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY
