"""Training that comes to NaN or infinity ends there, says where, and keeps what was good."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.end_to_end.forking import Forked
from tests.end_to_end.unbroken import CONDITIONAL, SETTINGS, check_files, only_run, record_of

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("resume")]

STRATEGY = '''
"""A training that goes wrong."""
from plugins.adversarial import Adversarial
from runner.api import Field, hookimpl


class Failing(Adversarial):
    """Adversarial, until a loss is no number."""

    name = "failing"

    class Params(Adversarial.Params):
        """What it becomes, and when."""

        becomes: str = Field(description="a number's name")
        at: int = Field(description="training step")

    def build(self, params, *parts):
        import keras
        import tensorflow as tf

        model = super().build(params, *parts)
        step, done = model.train_step, keras.Variable(0, trainable=False, dtype="int32")
        model.done = done  # so that checkpoints keep it

        def train_step(inputs):
            losses = step(inputs)
            done.assign_add(1)
            wrong = tf.where(done.value >= params.at, float(params.becomes), losses["critic"])
            return {**losses, "critic": wrong}

        model.train_step = train_step
        return model


@hookimpl
def runner_strategies():
    return [Failing()]
'''


@pytest.mark.parametrize("becomes", ["nan", "inf"])
def test_a_loss_that_is_no_number_ends_the_run(start: Callable[..., Forked], tmp_path: Path, becomes: str) -> None:
    plugin = tmp_path / "failing.py"
    plugin.write_text(STRATEGY)
    settings = (*SETTINGS, *CONDITIONAL, f"strategy={{name: failing, becomes: '{becomes}', at: 28}}")
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
    again = ("--set", "strategy.at=1000", "--set", "training.steps=30", "--force")
    process = start("resume", folder, *again)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert record_of(folder)["resumed"][0]["step"] == 20
    with h5py.File(folder / "history.h5", "r") as file:
        assert np.isfinite(file["losses/critic"][()]).all()
