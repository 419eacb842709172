"""Training that comes to NaN or infinity ends there, says where, and keeps what was good."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.end_to_end.forking import Forked
from tests.end_to_end.unbroken import CONDITIONAL, SETTINGS, check_files, only_run, record_of

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("resume")]

PENALTY = '''
"""A penalty that goes wrong."""
from runner.api import Field, Loss, Params, hookimpl


class Failing(Loss):
    """Zero, until it is not."""

    name = "failing"
    slot = "penalty"

    class Params(Params):
        """What it becomes, and when."""

        becomes: str = Field(description="a number's name")
        at: int = Field(description="training step")

    def build(self, params):
        import tensorflow as tf

        calls = tf.Variable(0, trainable=False)

        def loss(*_, **__):
            return tf.where(calls.assign_add(1) >= params.at, float(params.becomes), 0.0)

        return loss


@hookimpl
def runner_losses():
    return [Failing()]
'''


@pytest.mark.parametrize("becomes", ["nan", "inf"])
def test_a_loss_that_is_no_number_ends_the_run(start: Callable[..., Forked], tmp_path: Path, becomes: str) -> None:
    plugin = tmp_path / "failing.py"
    plugin.write_text(PENALTY)
    settings = (*SETTINGS, *CONDITIONAL, f"losses.penalty={{name: failing, becomes: '{becomes}', at: 28}}")
    words = [word for setting in settings for word in ("--set", setting)]
    process = start("run", *words, "--plugin", plugin)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 6, err
    assert "Traceback" not in err
    (error,) = [line for line in err.splitlines() if line.startswith("Error: ")]
    assert error.startswith(f"Error: the loss critic is {becomes} at step 28; ")
    folder = only_run(tmp_path / "runs")
    assert folder is not None
    record = record_of(folder)
    assert (record["status"], record["steps"]) == ("diverged", 20)
    assert error == f"Error: {record['message']}"
    check_files(folder)
    assert [path.name for path in sorted((folder / "checkpoints").glob("step-*.h5"))] == [
        "step-000000010.h5",
        "step-000000020.h5",
    ]
    assert not (folder / "scores.json").exists()
    again = ("--set", "losses.penalty={name: gradient_penalty, weight: 10.0}", "--set", "training.steps=30", "--force")
    process = start("resume", folder, *again)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert record_of(folder)["resumed"][0]["step"] == 20
    with h5py.File(folder / "history.h5", "r") as file:
        assert np.isfinite(file["losses/critic"][()]).all()
