from pathlib import Path

import pytest

from plugins.tensorboard import TensorBoard
from runner import testing
from runner.api import CallbackContext, Params
from runner.report.figures import gallery, save

pytestmark = pytest.mark.training


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # TensorBoard's own
def test_losses_scores_and_responses_are_written_at_their_steps(tmp_path: Path) -> None:
    context = CallbackContext(tmp_path, "name", 20)
    callback = TensorBoard().build(Params(), context)
    (tmp_path / "figures").mkdir()
    save(gallery(testing.sample(), testing.sample(seed=1)), context.gallery(10))
    callback.on_train_batch_end(10, {"critic": 1.5})
    callback.on_epoch_end(10, {"cluster_shape/largest_ks": 3.0})
    callback.on_train_batch_end(20, {"critic": 0.5})
    callback.on_test_end({"cluster_shape/largest_ks": 2.0})
    from tensorboard.backend.event_processing.event_accumulator import TENSORS, EventAccumulator
    from tensorboard.util import tensor_util

    events = EventAccumulator(str(tmp_path / "tensorboard"), {TENSORS: 0})
    events.Reload()
    found = {
        tag: [(event.step, float(tensor_util.make_ndarray(event.tensor_proto))) for event in events.Tensors(tag)]
        for tag in events.Tags()["tensors"]
        if tag != "responses"
    }
    assert found == {
        "loss/critic": [(10, 1.5), (20, 0.5)],
        "validation/cluster_shape/largest_ks": [(10, 3.0)],
        "score/cluster_shape/largest_ks": [(20, 2.0)],
    }
    (image,) = events.Tensors("responses")
    width, height, picture = tensor_util.make_ndarray(image.tensor_proto)
    assert (image.step, picture[:4]) == (10, b"\x89PNG")
    assert int(width) > int(height) > 100
