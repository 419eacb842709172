"""Where the time of the runner's training steps goes, by kind of operation.

    python benchmarks/training_profile.py physgan|fastsim

Prints a Markdown table: thread time per step, and the share of the time that all cores together had.
"""

from __future__ import annotations

import collections
import sys
import tempfile
import time
from pathlib import Path

from training import CORES, Loops

STEPS = 20
NOT_OPERATIONS = ("ExecutorState", "Process", "ParallelFor", "Eager", "KernelAndDevice", "TFE_", "_traced", "Run", "__")


def thread_times(folder: Path) -> collections.Counter[str]:
    """Milliseconds by kind of operation."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2  # not public; what TensorBoard's profiler reads, too

    (file,) = folder.rglob("*.xplane.pb")
    space = xplane_pb2.XSpace()
    space.ParseFromString(file.read_bytes())
    found: collections.Counter[str] = collections.Counter()
    for plane in space.planes:
        for event in (event for line in plane.lines for event in line.events if "CPU" in plane.name):
            name = plane.event_metadata[event.metadata_id].name
            kind = name.rsplit(":", 1)[-1].strip()
            if ":" in name and not kind.startswith(NOT_OPERATIONS):
                found[kind] += event.duration_ps / 1e9
    return found


def main(pair: str) -> None:
    """Measures and prints."""
    loops = Loops(pair)  # sets TensorFlow up
    import tensorflow as tf

    loops.runner(STEPS)
    with tempfile.TemporaryDirectory() as folder:
        tf.profiler.experimental.start(folder)
        started = time.perf_counter()
        loops.runner(STEPS)
        wall = 1e3 * (time.perf_counter() - started)
        tf.profiler.experimental.stop()
        times = thread_times(Path(folder))
    print(f"\n### Where the time goes: {pair}, {wall / STEPS:.1f} ms per step while it is watched, {CORES} cores\n")
    print("| kind of operation | thread time [ms per step] | share of all cores' time |\n|---|---|---|")
    shown = [*times.most_common(10), ("all others", sum(time for _, time in times.most_common()[10:]))]
    for kind, spent in [*shown, ("together", times.total())]:
        print(f"| {kind} | {spent / STEPS:.2f} | {spent / wall / CORES:.1%} |")


main(sys.argv[1])
