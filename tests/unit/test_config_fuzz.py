"""Whatever stands in an experiment file, the result is a plan or a RunnerError, soon and in little memory."""

import resource
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner import config
from runner.errors import RunnerError
from runner.plan import make_plan

MEMORY = 2**19  # KiB that may come on top of what is used before
SECONDS = 15  # for large files; small ones take hundredths
STRANGE = [
    *("null", "~", "true", "no", "0", "-1", "1e400", "-.inf", ".nan", "9" * 99, "9" * 101, "0x" + "f" * 90, "1_000"),
    *("''", '"\\0"', '"\\ud800"', '"\\e[31m"', "x" * 5000, "[]", "{}", "[[]]", "{name: {}}", "[{name: 1}]", "a: b"),
    *(
        "../../x",
        "os:system",
        "__class__",
        "!!python/object/apply:os.system [true]",
        "&a [*a]",
        "*a",
        "<<: {}",
        "|",
        "?",
    ),
    *("{name: adam}", "{name: tpc_digits, path: /dev/zero}", "{name: keras_generator, path: /dev/zero}", "[1e308, 2]"),
]
LINES = [
    "plugins: [os]",
    "extends: /dev/zero",
    "extends: ../../x",
    "a: &a [1]",
    "b: *a",
    "%YAML 9.9",
    "---",
    "...",
    "\t",
    "",
]
BYTES = [
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n",
    b"\x85",
    b"\xe2\x80\xa8",
    b"\xed\xa0\x80",
    b"'",
    b'"',
    b"[",
    b"{",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """A copy of the experiments, so that those they extend are found."""
    copy = tmp_path_factory.mktemp("fuzz") / "experiments"
    shutil.copytree(root / "experiments", copy)
    return copy


def outcome(path: Path, content: bytes) -> str:
    """What is said of a file; nothing where it becomes a plan."""
    path.write_bytes(content)
    try:
        make_plan(config.read(path), data_must_exist=False)
    except RunnerError as error:
        return str(error)
    finally:
        path.unlink()
    return ""


def changed(content: bytes, rng: np.random.Generator) -> bytes:
    """A file with one to three of its lines dropped, doubled, swapped, given a strange value or damaged."""
    lines = content.decode().split("\n")
    for _ in range(rng.integers(1, 4)):
        what, here, there = rng.integers(7), *rng.integers(len(lines), size=2)
        if what == 0 and len(lines) > 1:
            del lines[here]
        elif what == 1:
            lines.insert(here, lines[there])
        elif what == 2:
            lines[here], lines[there] = lines[there], lines[here]
        elif what == 3:
            lines.insert(here, LINES[rng.integers(len(LINES))])
        elif what == 4:
            lines[here] = " " * rng.integers(5) + lines[here].strip()
        else:
            lines[here] = f"{lines[here].partition(':')[0]}: {STRANGE[rng.integers(len(STRANGE))]}"
    text = "\n".join(lines).encode()
    if rng.integers(5) == 0:
        place = rng.integers(len(text) + 1)
        text = text[:place] + BYTES[rng.integers(len(BYTES))] + text[place + rng.integers(2) :]
    return text


def fuzz(folder: Path, rng: np.random.Generator, number: int) -> list[str]:
    """What is said of that many changed experiments."""
    files = sorted(folder.rglob("*.yaml"))
    contents = [file.read_bytes() for file in files]
    messages = []
    for _ in range(number):
        which = rng.integers(len(files))
        messages.append(outcome(files[which].with_name("changed.yaml"), changed(contents[which], rng)))
    return messages


def test_changed_experiments(folder: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    messages = fuzz(folder, np.random.default_rng(7), 400)
    assert 20 < messages.count("") < 380
    assert all(len(message) < 20_000 and message.replace("\n", "").isprintable() for message in messages)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


yaml_like = st.lists(st.sampled_from([*"ab01 \n\t:-?,[]{}&*!|>'\"%@#\\", "\n  ", "- ", ": ", "---\n", "name"])).map(
    "".join
)


@settings(
    max_examples=300,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(content=st.one_of(yaml_like.map(str.encode), st.text().map(str.encode), st.binary()))
def test_any_text(folder: Path, content: bytes) -> None:
    message = outcome(folder / "any.yaml", content)
    assert message  # an experiment does not come about by chance
    assert message.replace("\n", "").isprintable()


def laughs(depth: int) -> str:
    lines = "".join(f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 9)}]\n" for number in range(1, depth))
    return f"a0: &a0 [x, x, x, x, x, x, x, x, x]\n{lines}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (lambda: laughs(50), "more than 100,000 values, aliases written out"),
        (lambda: "a: &a " + "x" * 10**6 + "\nb: [" + "*a, " * 1000 + "]", "more than 10,000,000 characters"),
        (lambda: "a: " + "[" * 10**6, "nested more than 100 levels deep"),
        (lambda: "a: " + "{a: " * 10**6, "nested more than 100 levels deep"),
        (lambda: "- " * 4_000_000, "nested more than 100 levels deep"),
        (lambda: "x" * 10_000_001, "larger than 10 MB"),
        (lambda: "a: " + "9" * 10**6, "an integer of 1000000 digits is too long"),
        (lambda: "".join(f"k{number}: 1\n" for number in range(10_000)), "and more"),
        (lambda: "a: 1\n" * 10_000, "and more"),
        (lambda: "networks:\n" + "".join(f"  k{number}: zz\n" for number in range(10_000)), "and more"),
        (lambda: "evaluation:\n  metrics:\n" + "".join(f"  - k{number}\n" for number in range(10_000)), "and more"),
        (lambda: "plugins:\n" + "".join(f"- k{number}.py\n" for number in range(10_000)), "and more"),
        (lambda: "dataset: " + "x" * 10**6, "there is no dataset called 'xxx"),
    ],
    ids=range(13),
)
def test_what_would_take_long_ends(folder: Path, text: Callable[[], str], words: str) -> None:
    begin, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = outcome(folder / "large.yaml", text().encode())
    assert words in message
    assert len(message) < 50_000
    assert time.process_time() - begin < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY
