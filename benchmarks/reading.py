"""How fast `tpc_digits` reads, against NumPy's plain reader of numbers.

    RUNNER_DATA=FOLDER python benchmarks/reading.py [--repeats N]

The real unconditional file is repeated, under new event numbers, to the 196,230 rows of the published one; both
readers take the same file, in turn, in one process. `tpc_digits` also checks every row and makes the images. Prints
a Markdown report; the one kept is `reports/reading.md`.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from plugins.tpc_digits import TpcDigits, TpcDigitsParams

ROWS = 196_230


def full_size(source: Path, target: Path) -> None:
    """A file of the published size."""
    header, *rows = source.read_text().splitlines()
    missing = ROWS - len(rows)
    again = [f"{int(event) + 1_000_000},{rest}" for event, _, rest in (row.partition(",") for row in rows[:missing])]
    target.write_text("\n".join([header, *rows, *again]) + "\n")


def seconds(action: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main() -> None:
    """Measures and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits.csv"
        full_size(Path(os.environ["RUNNER_DATA"]) / "mpd" / "digits_unconditional.csv", path)
        dataset, rng = TpcDigits(), np.random.default_rng(0)
        params = TpcDigitsParams(path=path)
        readers: dict[str, Callable[[], object]] = {
            "numpy.loadtxt": lambda: np.loadtxt(path, delimiter=",", skiprows=1),
            "tpc_digits": lambda: dataset.load(params, rng),
        }
        times: dict[str, list[float]] = {name: [] for name in readers}
        for _ in range(repeats):
            for name, reader in readers.items():
                times[name].append(seconds(reader))
    ratios = [ours / plain for ours, plain in zip(times["tpc_digits"], times["numpy.loadtxt"], strict=True)]
    print("# Reading real responses\n")
    print(f"{ROWS:,} rows, Python {platform.python_version()}, NumPy {np.__version__}, {repeats} rounds.\n")
    print("| reader | median [s] | smallest [s] | largest [s] |\n|---|---|---|---|")
    for name, values in times.items():
        print(f"| {name} | {statistics.median(values):.3f} | {min(values):.3f} | {max(values):.3f} |")
    print(f"\nRatio: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}).")


if __name__ == "__main__":
    main()
