"""How long the light commands take, from Enter to the prompt.

    python benchmarks/commands.py [--repeats N]

Every command runs as a process of its own, in turn with ``python -c pass`` and ``python -c 'import tensorflow'``, so
that the figures are of one time and one machine: the first is the least a Python command can take, the second what
a command that loads TensorFlow costs at least. Prints a Markdown report; the one kept is `reports/commands.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 10


def seconds(command: list[str], folder: Path) -> float:
    """Wall time of one process."""
    started = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "RUNNER_RUNS": "runs"}
    )
    elapsed = time.perf_counter() - started
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return elapsed


def make_runs(folder: Path) -> list[str]:
    """Ten run folders: one real run of a few steps, and copies of it under other ids."""
    runner = [sys.executable, "-m", "runner"]
    small = ["training.steps=10", "dataset.events=500", "evaluation.events=200"]
    words = [word for setting in small for word in ("--set", setting)]
    subprocess.run(
        [*runner, "run", ROOT / "experiments" / "quickstart.yaml", *words, "--runs", "runs"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    (first,) = (folder / "runs" / "quickstart").iterdir()
    for number in range(1, RUNS):
        name = f"{first.name[:-6]}{number:06x}"
        copy = first.with_name(name)
        shutil.copytree(first, copy)
        record = json.loads((copy / "run.json").read_text())
        (copy / "run.json").write_text(json.dumps({**record, "id": name[-6:]}))
    return [str(path) for path in sorted((folder / "runs" / "quickstart").iterdir())]


def main() -> None:
    """Measures and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    runner = str(Path(sys.executable).with_name("runner"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = make_runs(folder)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "python -c 'import tensorflow'": [sys.executable, "-c", "import tensorflow"],
            "runner --help": [runner, "--help"],
            "runner plugins list": [runner, "plugins", "list"],
            "runner validate": [runner, "validate", str(ROOT / "experiments" / "quickstart.yaml")],
            f"runner runs ({RUNS} runs)": [runner, "runs"],
            f"runner compare ({RUNS} runs)": [runner, "compare", *runs],
        }
        times: dict[str, list[float]] = {title: [] for title in commands}
        for _ in range(repeats):
            for title, command in commands.items():
                times[title].append(seconds(command, folder))
    print(report(times, repeats))


def report(times: dict[str, list[float]], repeats: int) -> str:
    """The figures as a Markdown table."""
    floor = statistics.median(times["python -c pass"])
    lines = [
        "# Light commands",
        "",
        f"Python {platform.python_version()}, {os.cpu_count()} CPUs; {repeats} rounds of one process each.",
        "",
        "| command | median [s] | smallest [s] | largest [s] | above bare Python [s] |",
        "|---|---|---|---|---|",
    ]
    for title, values in times.items():
        median = statistics.median(values)
        lines.append(f"| `{title}` | {median:.3f} | {min(values):.3f} | {max(values):.3f} | {median - floor:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
