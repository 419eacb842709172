"""What a network read from a file is fed."""

from __future__ import annotations

from plugins.keras_file.errors import ModelFileError, shown
from plugins.keras_file.graph import Model
from plugins.keras_file.layers import Shape
from runner.api import DataInfo, Signature


def signature_of(model: Model, data: DataInfo) -> Signature:
    """Random numbers, and conditions where the data have any, to responses.

    Args:
        model: With a single input of a vector, which the conditions are part of, or the two inputs by name.
        data: What is to be generated.

    Raises:
        ModelFileError: Where the model cannot be fed so.
    """
    found = {entry.name: entry.shape for entry in model.inputs}
    conditions = len(data.conditions)
    if len(found) == 1 and all(len(shape) == 1 for shape in found.values()):
        ((size,),) = found.values()
        latent = size - conditions
        if latent < 1:
            raise ModelFileError(
                f"its network takes {size} numbers, and the data's {conditions} conditions are part of them: "
                "nothing is left for random numbers"
            )
    elif found.keys() == {"latent", "conditions"} and all(len(shape) == 1 for shape in found.values()):
        (latent,) = found["latent"]
        if found["conditions"] != (conditions,):
            raise ModelFileError(
                f"its network takes {found['conditions'][0]} conditions, but the data have {conditions or 'none'}"
            )
    else:
        listed = ", ".join(f"{shown(name)} {shape}" for name, shape in list(found.items())[:8]) or "none"
        raise ModelFileError(
            f"its network has the inputs {listed}; it needs a single vector, or the vectors 'latent' and 'conditions'"
        )
    inputs: dict[str, Shape] = {"latent": (latent,)}
    if conditions:
        inputs["conditions"] = (conditions,)
    return Signature(inputs=inputs, output=data.shape)
