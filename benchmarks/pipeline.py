"""How long each part of the work takes: reading, simulating, judging, generating, and every light command.

    python benchmarks/pipeline.py [--repeats N] > benchmarks/reports/pipeline.md

Real responses are looked for in RUNNER_DATA, then in ``shared/data`` beside the checkout. Whatever is done in this
process is timed in turn with sorting two million numbers in NumPy; commands run as processes of their own, in turn
with ``python -c pass``, the least a Python command can take, and ``python -c 'import tensorflow'``, the least one can
take that trains. So all figures of a table are of one time and one machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from plugins.cluster_shape import ClusterShape, PhysganClusterShape
from plugins.tpc_digits import TpcDigits, TpcDigitsParams
from plugins.tpc_simulation import TpcSimulation
from runner import config
from runner.launch.restoring import restore
from runner.plan import plan_run
from runner.run_directory import RunDirectory, read_sample, read_scores, write_scores

ROOT = Path(__file__).resolve().parent.parent
QUICKSTART = ROOT / "experiments" / "quickstart.yaml"
RUNNER = str(Path(sys.executable).with_name("runner"))
EVENTS = 10_000
BATCHES = (1, 100, 1000, EVENTS)
RUNS = 1000
REFERENCE = "sorting 2,000,000 numbers"
PYTHON, TENSORFLOW = "python -c pass", "python -c 'import tensorflow'"
PHASES = {
    "loading TensorFlow": "Python, the experiment and its plan",
    "device: ": "importing TensorFlow",
    "run folder ": "simulation of 10,000 events, networks, tracing a step, run folder",
    "step 1/1": "compiling a block of one step, and the step",
}
"""What has been done when a line that begins so is said."""

Times = Mapping[str, list[float]]


def seconds(action: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def in_turn(actions: Mapping[str, Callable[[], object]], repeats: int) -> Times:
    """Wall times of all actions, one after the other in each round; a first round is not counted."""
    times: dict[str, list[float]] = {title: [] for title in actions}
    for number in range(repeats + 1):
        for title, action in actions.items():
            elapsed = seconds(action)
            if number:
                times[title].append(elapsed)
    return times


def real_file() -> Path:
    """The real unconditional responses."""
    folders = [Path(os.environ.get("RUNNER_DATA", "")), ROOT.parent / "shared" / "data"]
    found = [folder / "mpd" / "digits_unconditional.csv" for folder in folders]
    return next(path for path in found if path.is_file())


def data_actions(run: RunDirectory) -> dict[str, Callable[[], object]]:
    """Reading, simulating, judging and generating in this process."""
    path, rng = real_file(), np.random.default_rng(0)
    simulation, params = TpcSimulation(), TpcSimulation.Params(events=EVENTS, crossing_angle=(0.0, 15.0))
    real, other = (simulation.load(params, np.random.default_rng(seed)) for seed in (1, 2))
    sampler = restore(plan_run(run), run, "cpu", 1)
    conditions = np.resize(read_sample(run.samples / "real.h5").conditions, (EVENTS, 1))
    numbers = rng.random(2_000_000)
    shape = ClusterShape.Params()
    return {
        REFERENCE: lambda: np.sort(numbers),
        f"reading {path.name}": lambda: TpcDigits().load(TpcDigitsParams(path=path), rng),
        f"simulating {EVENTS:,} events": lambda: simulation.load(params, rng),
        f"cluster_shape of {EVENTS:,} responses": lambda: ClusterShape().measure(shape, real, other, rng),
        f"physgan_cluster_shape of {EVENTS:,} responses": lambda: PhysganClusterShape().measure(
            PhysganClusterShape.Params(), real, other, rng
        ),
        **{f"generating {events:,}": partial(sampler, conditions[:events]) for events in BATCHES},
    }


def finished_run(folder: Path) -> RunDirectory:
    """One real run of a few steps."""
    small = ("training.steps=10", "dataset.events=1000", "evaluation.events=300")
    words = [word for setting in small for word in ("--set", setting)]
    subprocess.run([RUNNER, "run", QUICKSTART, *words, "--runs", folder], check=True, capture_output=True)
    (path,) = (folder / "quickstart").iterdir()
    return RunDirectory.open(path)


def make_runs(model: RunDirectory, folder: Path) -> None:
    """A thousand folders with the scores of a real run, as of a scan over seeds and learning rates."""
    tree, scores = config.read(model.resolved).data, read_scores(model)
    assert scores is not None
    for number in range(RUNS):
        tree["seed"] = number
        tree["optimizers"]["critic"]["learning_rate"] = 1e-4 * (1 + number / RUNS)
        record = dataclasses.replace(model.record, name="scan", seed=number)
        run = RunDirectory.create(folder, record, {"resolved.yaml": config.dump(tree)})
        rows = tuple(dataclasses.replace(row, value=row.value * (1 + number / RUNS)) for row in scores.rows)
        write_scores(run, dataclasses.replace(scores, rows=rows))


def process(*command: str) -> Callable[[], object]:
    """A command as an action."""

    def action() -> None:
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)[:200]}: {done.stderr}"

    return action


def commands(folder: Path) -> dict[str, Callable[[], object]]:
    """The light commands; `folder` holds the runs."""
    paths = sorted(map(str, (folder / "scan").iterdir()))
    pattern = folder / "scan" / "*"
    return {
        PYTHON: process(sys.executable, "-c", "pass"),
        TENSORFLOW: process(sys.executable, "-c", "import tensorflow"),
        "runner --help": process(RUNNER, "--help"),
        "runner plugins list": process(RUNNER, "plugins", "list"),
        "runner validate": process(RUNNER, "validate", str(QUICKSTART)),
        "runner compare (10 runs)": process(RUNNER, "compare", *paths[:10]),
        f"runner compare ({RUNS:,} runs)": process(RUNNER, "compare", *paths),
        f"runner compare {folder.name}/scan/* ({RUNS:,} runs)": process("sh", "-c", f"{RUNNER} compare {pattern}"),
        f"runner runs ({RUNS:,} runs)": process(RUNNER, "runs", "--runs", str(folder)),
    }


def first_step() -> Iterator[tuple[str, float]]:
    """Phases of ``runner run`` from Enter to the end of the first step, and how long each took [s]."""
    small = ("--set", "training.steps=1", "--set", "training.block=1")
    with tempfile.TemporaryDirectory() as folder:
        before = time.perf_counter()
        command = [RUNNER, "run", str(QUICKSTART), *small, "--runs", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
            assert running.stderr is not None
            waiting = dict(PHASES)
            for line in running.stderr:
                said = next((start for start in waiting if line.startswith(start)), None)
                if said is not None:
                    now = time.perf_counter()
                    yield waiting.pop(said), now - before
                    before = now
                if not waiting:
                    break
            running.kill()  # the evaluation has its own row
    assert not waiting, f"never said: {', '.join(waiting)}"


def starts(repeats: int) -> Times:
    """Times of the phases of a start, in turn with the import of TensorFlow alone; a first round is not counted."""
    times: dict[str, list[float]] = {}
    tensorflow = process(sys.executable, "-c", "import tensorflow")
    for number in range(repeats + 1):
        found = {TENSORFLOW: seconds(tensorflow), **dict(first_step())}
        found["from Enter to the end of the first step"] = sum(found[phase] for phase in PHASES.values())
        for title, elapsed in found.items() if number else ():
            times.setdefault(title, []).append(elapsed)
    return times


def table(title: str, times: Times, last: str, cell: Callable[[str, float], str]) -> str:
    """Times as Markdown; `cell` makes the text of the last column from a row's title and median."""
    lines = [f"## {title}", "", f"| what | median [s] | smallest [s] | largest [s] | {last} |", "|---|---|---|---|---|"]
    for what, values in times.items():
        median = statistics.median(values)
        lines.append(f"| {what} | {median:.3f} | {min(values):.3f} | {max(values):.3f} | {cell(what, median)} |")
    return "\n".join([*lines, ""])


def data_table(times: Times) -> str:
    """What is done in one process."""
    reference = statistics.median(times[REFERENCE])

    def cell(what: str, median: float) -> str:
        ratio = f"{median / reference:.2f}"
        if not what.startswith("generating"):
            return ratio
        return f"{ratio}; {median / int(what.split()[1].replace(',', '')) * 1e3:.3g} ms per response"

    return table("Data, scores and generation, in one process", times, f"times {REFERENCE}", cell)


def main() -> None:
    """Measures and prints the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as name:
        model = finished_run(Path(name) / "model")
        make_runs(model, Path(name) / "runs")
        light = in_turn(commands(Path(name) / "runs"), repeats)
        begun = starts(repeats)
        data = in_turn(data_actions(model), repeats)
        scores = read_scores(model)
    least = statistics.median(light[PYTHON])
    loading = statistics.median(begun[TENSORFLOW])
    print("# The pipeline\n")
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs; {repeats} rounds.\n")
    print(data_table(data))
    print("The seven measures in both representations. Responses are generated in chunks of 1,000, so that response i")
    print("does not depend on how many are asked for: one response costs as much as a thousand.\n")
    print(table("Commands", light, "above bare Python [s]", lambda _, median: f"{median - least:.3f}"))
    print(f"Each run has {len(scores.rows) if scores else 0} scores, a seed and a learning rate of its own.\n")
    print(table("From Enter to training", begun, f"times {TENSORFLOW}", lambda _, median: f"{median / loading:.2f}"))


if __name__ == "__main__":
    main()
