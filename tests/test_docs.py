"""Every page is run from top to bottom, in a folder of its own that holds a copy of `experiments/`.

A fenced block whose info string has ``title="NAME"`` is written to the file NAME. In a ``console`` block every
line that starts with ``$ `` is run; the lines below it must appear in its output in that order, ``...`` standing
for anything. ``exits=N`` in the info string is the exit code expected of the block's last command;
``not-run="REASON"`` leaves a block out.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("docs", "experiments", "benchmarks", "examples")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md")),
]
FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)(?P<target>[^)#]+)(#[^)]*)?\)")


@dataclass(frozen=True)
class Block:
    language: str
    options: dict[str, str]
    body: str


def blocks(text: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        language, _, rest = match["info"].partition(" ")
        options = {key: quoted or plain for key, quoted, plain in re.findall(r'([a-z-]+)=(?:"([^"]*)"|(\S+))', rest)}
        found.append(Block(language, options, match["body"]))
    return found


def commands(body: str) -> list[tuple[str, list[str]]]:
    """Commands of a console block, each with the output lines shown below it."""
    result: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            result.append((line[2:], []))
        elif result and result[-1][0].endswith("\\"):
            result[-1] = (result[-1][0][:-1] + line.removeprefix("> "), [])
        elif line.strip() and result:
            result[-1][1].append(line)
    return result


def run(command: str, folder: Path, exits: int, expected: list[str], runs: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RUNNER_RUNS": str(runs),
        "COLUMNS": "200",
    }
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )
    output = done.stdout + done.stderr
    assert done.returncode == exits, f"$ {command}\nexit {done.returncode}, not {exits}\n{output}"
    position = 0
    for line in expected:
        if line.strip() == "...":
            continue
        pattern = ".*".join(re.sub(r"(\\ )+", r"\\s+", re.escape(part)) for part in line.strip().split("..."))
        match = re.compile(pattern).search(output, position)
        assert match, f"$ {command}\nthe page shows {line!r}, the output does not:\n{output}"
        position = match.end()


def page_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_page_runs(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "experiments", tmp_path / "experiments")
    for block in blocks(page.read_text(encoding="utf-8")):
        if "title" in block.options:
            file = tmp_path / block.options["title"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.body, encoding="utf-8")
        if block.language != "console" or "not-run" in block.options:
            continue
        lines = commands(block.body)
        assert lines, f"{page_name(page)}: a console block without a command:\n{block.body}"
        for number, (command, expected) in enumerate(lines, start=1):
            exits = int(block.options.get("exits", 0)) if number == len(lines) else 0
            run(command, tmp_path, exits, expected, tmp_path / "runs")


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    missing = [m["target"] for m in LINK.finditer(text) if not (page.parent / m["target"]).exists()]
    assert not missing
