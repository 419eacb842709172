"""An experiment at the size at which it can be stopped often, and all that its end consists of."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

SETTINGS = (
    "training.steps=60",
    "training.batch_size=16",
    "training.checkpoint_every=10",
    "training.block=5",
    "evaluation.events=200",
    "evaluation.metrics=[{name: cluster_shape, representations: [log]}]",
)
CONDITIONAL = ("dataset.events=300",)
UNCONDITIONAL = (*CONDITIONAL, "dataset.crossing_angle=3.0", "networks.critic=physgan_discriminator")
RANDOM = (*CONDITIONAL, "strategy={name: adversarial, schedule: random, dropout: true}", "optimizers.critic=adam")


def arrays(path: Path) -> dict[str, str]:
    """Digest of every array of a file, by position: Keras' names are numbered across a process."""
    found: dict[str, str] = {}
    with h5py.File(path, "r") as file:

        def add(_: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                found[str(len(found))] = hashlib.sha256(np.asarray(item).tobytes()).hexdigest()

        file.visititems(add)
    return found


def everything(folder: Path) -> dict[str, Any]:
    """All that a run's end consists of."""
    files = ["model/generator.h5", "model/critic.h5", "samples/generated.h5", "history.h5"]
    state: dict[str, Any] = {name: arrays(folder / name) for name in files}
    state["checkpoint"] = arrays(folder / "checkpoints" / "step-000000060.h5")
    state["scores"] = json.loads((folder / "scores.json").read_text())
    return state


def record_of(folder: Path) -> dict[str, Any]:
    """The content of its ``run.json``."""
    record: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return record


def only_run(runs: Path) -> Path | None:
    """The one run below a folder, or None if there is none yet."""
    found = list(runs.glob("*/*/run.json"))
    return found[0].parent if found else None


def check_files(folder: Path) -> None:
    """Every file under its final name is complete, and so are the checkpoints that were entered but for lost ones."""
    for path in folder.rglob("*"):
        if path.name.startswith(".") or not path.is_file():
            continue
        if path.suffix == ".h5":
            arrays(path)
        elif path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".png":
            assert path.read_bytes().endswith(b"IEND\xaeB`\x82"), path
    checkpoints = folder / "checkpoints"
    entered = checkpoints / "manifest.json"
    for entry in json.loads(entered.read_text())["checkpoints"] if entered.exists() else ():
        content = (checkpoints / entry["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], entry
