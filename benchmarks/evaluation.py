"""How long each metric that has a floor takes: one measurement of 5,000 simulated responses against 5,000.

    python benchmarks/evaluation.py [--events N] [--repeats N] > benchmarks/reports/evaluation.md

Metrics are measured as an evaluation does it, after one measurement of few events, and in turn. Evaluating a model on
events whose floor is remembered takes the total once, the floor ten times more. Prints a Markdown report.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time

import numpy as np
import sklearn

from plugins.tpc_simulation import TpcSimulation
from runner.api import Metric, Sample
from runner.evaluation.measuring import Available, has_floor, measure
from runner.plan import Choice
from runner.plugin_manager import load_plugins

WARM_UP = 100
TRACKS = {
    "crossing_angle": (0.0, 15.0),
    "dip_angle": (0.0, 15.0),
    "pad_coordinate": (40.0, 41.0),
    "drift_length": (40.0, 160.0),
}


def simulated(events: int) -> tuple[Sample, Sample, Sample]:
    """Real and generated responses, and those trained on."""
    dataset = TpcSimulation()
    sample = dataset.load(dataset.Params(events=3 * events, **TRACKS), np.random.default_rng(1))
    real, generated, training = (sample.take(slice(i * events, (i + 1) * events)) for i in range(3))
    return real, generated, training


def seconds(choice: Choice[Metric], real: Sample, generated: Sample, training: Sample) -> float:
    """Wall time of one measurement."""
    available, rng = Available(training=training), np.random.default_rng(0)
    started = time.perf_counter()
    measure(choice, real, generated, rng, available)
    return time.perf_counter() - started


def main() -> None:
    """Measures and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    entries = [entry for entry in load_plugins().registry.all("metric") if has_floor(entry.component)]
    choices = [
        Choice(entry.component.name, entry.component, entry.component.Params(), entry.plugin) for entry in entries
    ]
    samples, few = simulated(arguments.events), simulated(WARM_UP)
    for choice in choices:
        seconds(choice, *few)
    times: dict[str, list[float]] = {choice.name: [] for choice in choices}
    for _ in range(arguments.repeats):
        for choice in choices:
            times[choice.name].append(seconds(choice, *samples))
    real = samples[0]
    shape = " x ".join(map(str, real.info.shape))
    print("# Scores of one model\n")
    print(
        f"{arguments.events:,} against {arguments.events:,} responses of {shape} pixels "
        f"with {len(real.info.conditions)} conditions, {os.cpu_count()} CPUs, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, scikit-learn {sklearn.__version__}, {arguments.repeats} rounds.\n"
    )
    print("| metric | median [s] | smallest [s] | largest [s] |\n|---|---|---|---|")
    for name, values in sorted(times.items(), key=lambda item: -statistics.median(item[1])):
        print(f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} | {max(values):.2f} |")
    totals = [sum(values) for values in zip(*times.values(), strict=True)]
    print(f"| all | {statistics.median(totals):.2f} | {min(totals):.2f} | {max(totals):.2f} |")


if __name__ == "__main__":
    main()
