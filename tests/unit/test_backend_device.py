"""What can be known of GPUs without one: the order in which TensorFlow is told, in a process of its own."""

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.training

PRELUDE = """
import json, sys
import tensorflow as tf
from runner.backend import device
calls = []
Physical = type(tf.config.list_physical_devices("CPU")[0])
GPUS = [Physical(f"/physical_device:GPU:{n}", "GPU") for n in range(2)]

def note(name, result=None):
    def call(*arguments, **options):
        calls.append([name, *[getattr(a, "name", None) or [str(x) for x in a] if not isinstance(a, (str, bool)) else a
                              for a in arguments]])
        return result
    return call

listed = tf.config.list_physical_devices
tf.config.list_physical_devices = lambda kind=None: GPUS if kind == "GPU" else listed(kind)
tf.config.set_visible_devices = note("visible")
tf.config.experimental.set_memory_growth = note("growth")
tf.config.set_logical_device_configuration = note("limit")
tf.config.threading.set_inter_op_parallelism_threads = lambda n: calls.append(["at a time", n])
tf.config.threading.set_intra_op_parallelism_threads = lambda n: calls.append(["each", n])
tf.config.experimental.enable_op_determinism = note("determinism")
tf.config.experimental.get_device_details = lambda gpu: {"device_name": "A GPU"}
"""


def told(code: str) -> Any:
    """What a process prints last, as JSON."""
    done = subprocess.run([sys.executable, "-c", PRELUDE + code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_memory_grows_on_the_chosen_gpu_alone() -> None:
    found, info = told("i = device.configure('gpu:1', 3); print(json.dumps([calls, [i.kind, i.name]]))")
    assert info == ["gpu", "A GPU"]
    names = [call[0] for call in found]
    assert names == ["visible", "growth", "at a time", "each", "determinism"]
    assert "GPU:1" in str(found[0])
    assert "GPU:0" not in str(found[0])
    assert found[1][1:] == ["/physical_device:GPU:1", True]


def test_a_memory_limit_takes_the_place_of_growth() -> None:
    found = told("device.configure('auto', 3, memory=512); print(json.dumps(calls))")
    assert [call[0] for call in found] == ["visible", "limit", "at a time", "each", "determinism"]
    assert found[1][1] == "/physical_device:GPU:0"
    assert "memory_limit=512" in str(found[1])


def test_the_cpu_hides_every_gpu() -> None:
    found, kind = told("i = device.configure('cpu', 3, memory=512); print(json.dumps([calls, i.kind]))")
    assert kind == "cpu"
    assert found[0] == ["visible", [], "GPU"]
    assert [call[0] for call in found] == ["visible", "at a time", "each", "determinism"]


@pytest.mark.parametrize(
    ("options", "expected"), [("", [0, 1]), (", threads=3, threads_per_operation=2", [3, 2])], ids=["default", "told"]
)
def test_threads(options: str, expected: list[int]) -> None:
    found = told(f"device.configure('cpu', 3{options}); print(json.dumps(calls))")
    assert [call[1] for call in found if call[0] in ("at a time", "each")] == expected


def test_a_gpu_that_is_not_there_is_refused_with_those_that_are() -> None:
    code = """
from runner.errors import ExperimentError
try:
    device.configure('gpu:2', 3)
except ExperimentError as error:
    print(json.dumps([str(error), calls]))
"""
    message, found = told(code)
    assert "gpu:2 was asked for, but TensorFlow sees" in message
    assert found == []  # nothing has been set


def test_nothing_of_tensorflow_starts_before_it_is_configured() -> None:
    """Logical devices can still be set after everything was built that comes before a run's first operation."""
    code = """
import runner.backend.building, runner.backend.training, runner.backend.sampling, runner.backend.checkpoints
import plugins.adversarial.strategy, plugins.adversarial.losses, plugins.physgan.generators, plugins.physgan.critics
from importlib import reload
tf.config.list_physical_devices = listed
cpu = listed("CPU")[0]
from tensorflow.python.framework import config
config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
print(json.dumps([device.name for device in tf.config.list_logical_devices("CPU")]))
"""
    assert told(code) == ["/device:CPU:0", "/device:CPU:1"]


def test_listing_devices_leaves_them_configurable() -> None:
    code = """
tf.config.list_physical_devices = listed
assert device.available()
from tensorflow.python.framework import config
config.set_logical_device_configuration(listed("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 3)
print(json.dumps(len(tf.config.list_logical_devices("CPU"))))
"""
    assert told(code) == 3
