"""The only part of the runner that loads TensorFlow; importing it does so, quietly.

Keras is held to TensorFlow, float32 and channels-last images, whatever the user's own Keras settings say: an
experiment means the same everywhere.
"""

import os

from runner.backend.startup import quiet_start

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only, unless the user asks for more
# TensorFlow's own gradients of small convolutions take five times as long, and are its default on some processors
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

with quiet_start():
    import keras
    import tensorflow  # noqa: F401  loaded here so that its start-up messages are dealt with once
    from keras import ops

keras.config.set_floatx("float32")
keras.config.set_image_data_format("channels_last")

__all__ = ["keras", "ops"]
