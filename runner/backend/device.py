"""The device a run uses, and everything of TensorFlow that must be set before it starts."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

import keras
import tensorflow as tf

from runner import seeds
from runner.backend import startup
from runner.errors import ExperimentError, Problem

log = logging.getLogger("runner")


@dataclass(frozen=True)
class DeviceInfo:
    """The device of a run, for its record.

    Attributes:
        kind: "cpu" or "gpu".
        name: What it is called: a GPU's model where TensorFlow tells it, else "CPU".
        visible: Names of all devices TensorFlow may use.
    """

    kind: str
    name: str
    visible: tuple[str, ...]


def configure(
    device: str, seed: int, *, memory: int | None = None, threads: int | None = None, threads_per_operation: int = 1
) -> DeviceInfo:
    """Chooses the device, makes operations deterministic and seeds the global generators.

    To be called before anything else of TensorFlow: devices cannot be chosen once they are in use, and TensorFlow
    takes all of a GPU's memory on the first use unless it has been told to grow or to keep to a limit.

    Args:
        device: "auto" (the first GPU, or the CPU where there is none), "cpu", "gpu" (the first) or "gpu:N".
        seed: The experiment's seed.
        memory: GPU memory that may be used [MiB]; None: what is needed, taken as it is needed.
        threads: Operations that the processor computes at a time; None: one for each core.
        threads_per_operation: Threads that share one operation. One is faster for small networks, whose critic steps
            have independent parts, and sums the same way on every number of cores.

    Raises:
        ExperimentError: If the device is not there; the message says what TensorFlow sees.
    """
    with startup.quiet_start():
        gpus = tf.config.list_physical_devices("GPU")
    number = _gpu_number(device, len(gpus))
    chosen = [] if number is None else [gpus[number]]
    if gpus:
        tf.config.set_visible_devices(chosen, "GPU")
    for gpu in chosen:
        if memory is None:
            tf.config.experimental.set_memory_growth(gpu, True)
        else:
            limit = tf.config.LogicalDeviceConfiguration(memory_limit=memory)
            tf.config.set_logical_device_configuration(gpu, [limit])
    try:
        tf.config.threading.set_inter_op_parallelism_threads(threads or 0)
        tf.config.threading.set_intra_op_parallelism_threads(threads_per_operation)
    except RuntimeError:
        log.warning("TensorFlow has already started in this process; it keeps the threads it has")
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seeds.derive(seed, "backend") % 2**31)
    return DeviceInfo(
        kind="gpu" if chosen else "cpu",
        name=_model(chosen[0]) if chosen else "CPU",
        visible=tuple(visible.name for visible in tf.config.get_visible_devices()),
    )


def available() -> tuple[str, ...]:
    """Names of all devices TensorFlow sees."""
    with startup.quiet_start():
        return tuple(str(device.name) for device in tf.config.list_physical_devices())


def _gpu_number(device: str, gpus: int) -> int | None:
    """Index of the GPU asked for, or None for the CPU."""
    match = re.fullmatch(r"gpu(?::(\d+))?", device)
    if device == "cpu" or (device == "auto" and not gpus):
        return None
    if device != "auto" and match is None:
        raise ExperimentError([Problem("", "device", f"{device!r} is no device", "write auto, cpu, gpu or gpu:N")])
    number = int(match[1] or 0) if match else 0
    if number >= gpus:
        seen = ", ".join(available())
        message = f"{device} was asked for, but TensorFlow sees {seen}"
        if startup.said:
            message += f" (it said: {startup.said[-1]})"
        suggestion = "use device: auto or cpu; an NVIDIA GPU needs its driver and pip install 'tpc-runner[gpu]'"
        raise ExperimentError([Problem("", "device", message, suggestion)])
    return number


def _model(gpu: object) -> str:
    details: dict[str, object] = tf.config.experimental.get_device_details(gpu)
    return str(details.get("device_name", "GPU"))
