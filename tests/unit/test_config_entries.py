from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.config import dump, read, values
from runner.errors import ExperimentError

RESOLVED = """name: toy
description: |-
  Line one.
  Line two: more.
plugins:
- a
- b
split: {train: 0.8, test: 0.2}
networks:
  generator:
    name: physgan
    rate: 1e-07
    layers:
    - {units: 3}
    - [1, 2]
  critic: physgan_maxpool
gpu_memory: null
"""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("entries") / "any.yaml"


def outcome(reader: Any, path: Path) -> str:
    """Values or the error, types and order included; NaN is like NaN here."""
    try:
        return repr(reader(path))
    except ExperimentError as error:
        return f"error {error}"


def check(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert outcome(values, path) == outcome(lambda path: read(path, alone=True).data, path)


def test_values_are_those_that_are_read(scratch: Path) -> None:
    check(scratch, RESOLVED)
    assert values(scratch)["networks"]["generator"]["layers"] == [{"units": 3}, [1, 2]]


def test_what_dump_wrote_is_not_read_as_a_whole(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch.write_text(RESOLVED)
    expected = read(scratch).data
    monkeypatch.setattr("runner.config.entries.read", None)
    assert values(scratch) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# comment\na: 1\n",
        "a: 1\n# comment\nb: 2",
        "a: 1\na: 2\n",
        "x:\n  a: 1\n  a: 2\n",
        "a: &x [1]\nb: *x\n",
        "a: 1\n---\nb: 2\n",
        "x:\n  a: 1\n  ...\n",
        "x:\n  a: 1\n  --- b\n",
        "x:\n  a: b\x85 c\n",
        "\ufeffa: 1\n",
        "a: 1\n\ufeffb: 2\n",
        'a: "x\nb: y"\n',
        'x:\n  a: "x\n  b: y"\n',
        "a: [x,\nb: y]\n",
        "x:\n  a: [x,\n  b]\n",
        "a: |\n  x\n\n\nb: |+\n  y\n\n\n",
        "x:\n  a: |2\n      y\n  b: 1\n",
        "x:\n  |\n  text: y\n",
        "x:\n  plain\n  text\n",
        "x: # comment:\n  a: 1\n",
        "x: 1\n  a: 1\n",
        "  a: 1\nb: 2\n",
        "{a: 1}\nb: 2\n",
        "null: 1\n",
        "x:\n  1: 2\n",
        "a: !!str 1\n",
        "extends: nowhere.yaml\na: 1\n",
        "a: " + "[" * 99 + "]" * 99,
        "".join(f"{' ' * depth}a:\n" for depth in range(0, 240, 2)),
        'a: "\\ud800"\n',
        "a: \0\n",
        "just text\n",
    ],
)
def test_what_has_to_be_read_as_a_whole_is(scratch: Path, text: str) -> None:
    check(scratch, text)


def test_a_file_that_is_not_there_or_no_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="there is no file"):
        values(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"a: \xff")
    with pytest.raises(ExperimentError, match="is not UTF-8"):
        values(tmp_path / "bytes.yaml")


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.text("ab:#-'\" \n", max_size=8)
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc_1", min_size=1, max_size=4), inner),
    max_leaves=15,
)


@settings(max_examples=150, deadline=None)
@given(tree=st.dictionaries(st.text("abcdef", min_size=1, max_size=4), trees))
def test_whatever_is_dumped(scratch: Path, tree: dict[str, Any]) -> None:
    check(scratch, dump(tree))


LINES = [
    "a: 1",
    "b:",
    "c: x",
    "- d",
    "- e: 1",
    "a: |",
    "f: >-",
    "g: [1,",
    "h]",
    "i: {j: 1}",
    'k: "l',
    'm"',
    "'n': 1",
    "o",
]
LINES += [
    "? p",
    ": q",
    "# r",
    "",
    "...",
    "--- s",
    "t: *u",
    "v: &u",
    "<<: w",
    "x: !y z",
    "%TAG",
    "\t",
    "\x85",
    "|",
    "a:\x85 b",
]


@settings(max_examples=500, deadline=None)
@given(lines=st.lists(st.tuples(st.sampled_from([0, 0, 0, 1, 2, 2, 2, 4, 4]), st.sampled_from(LINES)), max_size=8))
def test_whatever_is_written_by_hand(scratch: Path, lines: list[tuple[int, str]]) -> None:
    check(scratch, "".join(f"{' ' * indent}{line}\n" for indent, line in lines))
