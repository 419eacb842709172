import os
import subprocess
import sys
from pathlib import Path

import pytest

from runner.run_directory import read_sample

pytestmark = pytest.mark.training

# The most that a child has held, as getrusage tells it, includes what its parent held when it was made.
MEASURED = """
import sys
from pathlib import Path

{action}
status = Path("/proc/self/status").read_text()
print("peak", status.partition("VmHWM:")[2].split()[0])
"""
RUN = "from runner.cli import main\nmain(sys.argv[1:])"
SMALL = ("training.steps=10", "training.block=5", "evaluation.metrics=[{name: cluster_shape, representations: [log]}]")


def most_bytes(action: str, *arguments: str | Path, folder: Path) -> int:
    """The most memory that a process held [bytes]."""
    command = [sys.executable, "-c", MEASURED.format(action=action), *map(str, arguments)]
    variables = {**os.environ, "RUNNER_RUNS": "runs"}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return 1024 * int(done.stdout.rpartition("peak ")[2])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel does not tell it here")
def test_ten_thousand_responses_need_little_more_memory_than_tensorflow(root: Path, tmp_path: Path) -> None:
    """Simulation, training of PhysGAN's pair at batches of 128, and evaluation of 10,000 responses: 500 MB."""
    words = [word for setting in SMALL for word in ("--set", setting)]
    file = root / "experiments" / "quickstart.yaml"
    whole = most_bytes(RUN, "run", file, *words, folder=tmp_path)
    (run,) = (tmp_path / "runs" / "quickstart").iterdir()
    assert len(read_sample(run / "samples" / "generated.h5")) == 10_000
    assert whole - most_bytes("import runner.backend", folder=tmp_path) < 500e6
