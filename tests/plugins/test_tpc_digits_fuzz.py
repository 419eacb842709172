"""Whatever is in a file of responses, the result is a sample or a DataError, soon and in little memory."""

import json
import resource
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugins.tpc_digits import CsvWriter, DatWriter, Hdf5Writer, TpcDigits, TpcDigitsParams
from runner.api import DataError, Sample
from runner.hdf5 import judge

MEMORY = 2**19  # KiB that may come on top of what is used before
SECONDS = 10
WRITERS = {"csv": CsvWriter(), "dat": DatWriter(), "hdf5": Hdf5Writer()}
NUMBERS = [
    *(b"nan", b"inf", b"-1", b"0", b"1e400", b"-1e308", b"9" * 400, b"9223372036854775808", b"1e15", b"0.5", b"-0"),
    *(
        b"",
        b"x",
        b"1_0",
        b"0x10",
        b"1e",
        b"+",
        b"\xd9\xa3",
        b"\0",
        b"params:",
        b",",
        b" ",
        b"\n",
        b"\r",
        b"\x1b[31m",
        b"\xff",
    ),
]
SIZES = [0, 1, 2**31 - 1, 2**32, 2**40, 2**63, 2**64 - 1]


@pytest.fixture(autouse=True)
def _short_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.hdf5.trust.SECONDS", 2.0)


def parameters(path: Path, **others: Any) -> TpcDigitsParams:
    conditions = [{"name": "angle", "unit": "deg", "range": [-20, 20]}, {"name": "dip", "use": False}]
    text = json.dumps({"path": str(path), "conditions": conditions, "outside": "report", **others})
    return TpcDigitsParams.model_validate_json(text, strict=True)


def outcomes(folder: Path, contents: Iterable[bytes]) -> Iterator[str]:
    """What is said of files; nothing of those that become a sample."""
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / str(number))
        paths[-1].write_bytes(content)
    judge(path for path in paths if h5py.is_hdf5(path))  # one process for all makes this faster and changes nothing
    for path in paths:
        try:
            TpcDigits().load(parameters(path), np.random.default_rng(0))
        except DataError as error:
            yield str(error)
        else:
            yield ""


def sample(path: Path) -> Sample:
    rows = [
        f"{event},{40 + event % 8},{267 + hit},{hit + 2}.5,{event % 15},1" for event in range(20) for hit in range(5)
    ]
    path.write_text("evtId,ipad,itime,amp,angle,dip\n" + "\n".join(rows))
    params = parameters(path, conditions=[{"name": name, "range": [-20, 20]} for name in ("angle", "dip")])
    return TpcDigits().load(params, np.random.default_rng(0))


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same events in all formats, and once more as a run keeps them."""
    folder = tmp_path_factory.mktemp("contents")
    events = sample(folder / "events.csv")
    found = {}
    for name, writer in WRITERS.items():
        writer.write(folder / name, events.info, len(events), iter([events]))
        found[name] = (folder / name).read_bytes()
    with h5py.File(folder / "hdf5", "r") as plain, h5py.File(folder / "packed", "w") as packed:
        packed.attrs["notes"] = ["a note"]
        for name, data in plain.items():
            packed.create_dataset(name, data=data[()], compression="gzip", chunks=data.chunks).attrs.update(data.attrs)
    return {**found, "packed": (folder / "packed").read_bytes()}


def changed(content: bytes, rng: np.random.Generator, *, text: bool) -> bytes:
    """A file with some of its bytes, numbers or lines changed, or cut off."""
    for _ in range(rng.integers(1, 4)):
        place, what = int(rng.integers(len(content) + 1)), rng.integers(8)
        if what == 0:
            content = content[:place]
        elif what == 1:
            content = content[:place] + content[place + int(rng.integers(1, 20)) :]
        elif what < 5 and text:
            content = mixed(content, rng)
        elif what < 5 and not text:  # sizes and addresses stand at multiples of 8, or nearly so
            size = struct.pack("<Q", SIZES[rng.integers(len(SIZES))])[: 2 ** rng.integers(1, 4)]
            place -= place % int(rng.choice([1, 2, 8]))
            content = content[:place] + size + content[place + len(size) :]
        else:
            content = content[:place] + rng.bytes(1) + content[place + 1 :]
    return content


def mixed(content: bytes, rng: np.random.Generator) -> bytes:
    """A text with two lines swapped, one of them doubled, or another number in it."""
    lines = content.split(b"\n")
    here, there, what = *rng.integers(len(lines), size=2), rng.integers(3)
    if what == 0:
        lines[here], lines[there] = lines[there], lines[here]
    elif what == 1:
        lines.insert(here, lines[there])
    else:
        separator = b"," if b"," in lines[here] else b" "
        fields = lines[here].split(separator)
        fields[rng.integers(len(fields))] = NUMBERS[rng.integers(len(NUMBERS))]
        lines[here] = separator.join(fields)
    return b"\n".join(lines)


@pytest.mark.parametrize(("name", "number"), [("csv", 400), ("dat", 400), ("hdf5", 200), ("packed", 200)])
def test_changed_files(tmp_path: Path, contents: dict[str, bytes], name: str, number: int) -> None:
    rng, text = np.random.default_rng(3), name in ("csv", "dat")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    damaged = [changed(contents[name], rng, text=text) for _ in range(number)]
    first, *messages = outcomes(tmp_path, [contents[name], *damaged])
    assert first == ""
    assert 0 < messages.count("") < 0.9 * number
    assert all(not message or message.startswith(str(tmp_path)) for message in messages)
    assert all(len(message) < 1000 and message.isprintable() for message in messages)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


texts = st.lists(
    st.sampled_from([*"0123456789eE+-., \t\r\n", "nan", "params:", "evtId,ipad,itime,amp,angle,dip\n"])
).map("".join)


@settings(
    max_examples=300,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=st.one_of(texts.map(str.encode), st.binary()))
def test_any_content(tmp_path: Path, content: bytes) -> None:
    (message,) = outcomes(tmp_path, [content])
    assert len(message) < 1000
    assert message.isprintable()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: b"evtId,ipad,itime,amp," + b"x" * 10**7 + b"\n1,2\n", "has the extra column"),
        (lambda: b",".join([b"evtId"] * 10**5) + b"\n1,2\n", "has twice the column evtId"),
        (lambda: b"," * 10**6, "misses the column"),
        (lambda: b"params: 1 2\n" + b"1 " * 10**6 + b"\n", "no triplets"),
        (lambda: b"\n" * 10**7, "the file is empty"),
        (lambda: b"x" * 10**7, "neither a CSV header"),
        (lambda: b"evtId,ipad,itime,amp,angle,dip\n" + b"1,40,267,1," + b"9" * 10**6 + b",1\n", "not a finite number"),
    ],
    ids=range(7),
)
def test_large_files_end(tmp_path: Path, content: Callable[[], bytes], message: str) -> None:
    begin = time.process_time()
    (found,) = outcomes(tmp_path, [content()])
    assert message in found
    assert len(found) < 1000
    assert time.process_time() - begin < SECONDS


def test_many_events_in_a_wide_window_are_refused_before_they_are_made(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("evtId,ipad,itime,amp\n" + "".join(f"{event},1,1,5\n" for event in range(20_000)))
    params = parameters(path, conditions=[], pads=[0, 1024], times=[0, 1024])
    with pytest.raises(DataError, match="20000 events of 1024 x 1024 bins take 78 GiB; at most 16 GiB"):
        TpcDigits().load(params, np.random.default_rng(0))


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    params = parameters(Path(__file__)).model_copy(update={"path": Path("/dev/zero")})
    with pytest.raises(DataError, match="/dev/zero: is not a file"):
        TpcDigits().load(params, np.random.default_rng(0))
