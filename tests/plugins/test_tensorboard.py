from pathlib import Path

import pytest

from plugins.tensorboard import TensorBoard
from runner.api import CallbackContext, Params

pytestmark = pytest.mark.training


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TensorBoard's own
def test_losses_and_scores_are_written_at_their_steps(tmp_path: Path) -> None:
    callback = TensorBoard().build(Params(), CallbackContext(tmp_path, "name", 20))
    callback.on_train_batch_end(10, {"critic": 1.5})
    callback.on_train_batch_end(20, {"critic": 0.5})
    callback.on_test_end({"cluster_shape/largest_ks": 2.0})
    from tensorboard.backend.event_processing.event_accumulator import TENSORS, EventAccumulator
    from tensorboard.util import tensor_util

    events = EventAccumulator(str(tmp_path / "tensorboard"), {TENSORS: 0})
    events.Reload()
    found = {
        tag: [(event.step, float(tensor_util.make_ndarray(event.tensor_proto))) for event in events.Tensors(tag)]
        for tag in events.Tags()["tensors"]
    }
    assert found == {"loss/critic": [(10, 1.5), (20, 0.5)], "score/cluster_shape/largest_ks": [(20, 2.0)]}
