"""Saved Keras models as runs, through the command a user types."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.end_to_end.forking import completed

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("models")]

Call = Callable[..., subprocess.CompletedProcess[str]]

SUMS = {
    "best_unparameterized": 86.6129,
    "generator_500": 65.3125,
    "parameterize_1": 84.5184,
    "parameterize_2": 71.5001,
    "parameterize_3": 68.8569,
}
"""Sum of each of PhysGAN's saved networks' image for z = 0."""


@pytest.fixture
def runner(tmp_path: Path) -> Call:
    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        variables = {"COLUMNS": "250", "RUNNER_RUNS": str(tmp_path / "runs"), **environment}
        return completed(*arguments, cwd=tmp_path, environment=variables)

    return run


def folder_of(done: subprocess.CompletedProcess[str]) -> Path:
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[-1].split(maxsplit=2)[2])


METRICS = "evaluation.metrics=[{name: cluster_shape, representations: [log]}]"
SMALL = ("--set", "dataset.events=400", "--set", "evaluation.events=200", "--set", METRICS)


def test_a_network_of_a_run_becomes_a_run_of_its_own(root: Path, quickstart: Any, tmp_path: Path, runner: Call) -> None:
    file, experiment = tmp_path / "my model (1).h5", root / "experiments" / "quickstart.yaml"
    shutil.copy(quickstart.folder / "model" / "generator.h5", file)
    done = runner("import", file, "--experiment", experiment, *SMALL)
    folder = folder_of(done)
    assert folder.parent.name == "my-model-1-"
    assert "largest_ks" in done.stdout
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    file.unlink()  # what comes now needs the run folder alone
    record = json.loads((folder / "run.json").read_text())
    assert (record["status"], record["steps"], record["imported"]) == ("finished", 0, str(file))
    copy = folder / "networks" / "generator" / file.name
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == digest
    assert not (folder / "model" / "critic.h5").exists()
    assert (folder / "figures" / "gallery.png").is_file()
    moved = tmp_path / "elsewhere"
    shutil.move(folder, moved)
    options = ("-n", "300", "--seed", "5", "--set-condition", "crossing_angle=0:15")
    assert runner("generate", moved, "-o", "imported.h5", *options).returncode == 0
    assert runner("generate", quickstart.folder, "-o", "own.h5", *options).returncode == 0
    from runner.run_directory import read_sample

    imported, own = (read_sample(tmp_path / name) for name in ("imported.h5", "own.h5"))
    np.testing.assert_array_equal(imported.responses, own.responses)
    again = runner("evaluate", moved, "--format", "json")
    assert again.returncode == 0, again.stderr
    listed = runner("runs", "--runs", tmp_path, "--format", "json")
    assert listed.returncode == 0, listed.stderr


@pytest.mark.data
@pytest.mark.parametrize("name", SUMS)
def test_physgans_saved_models(name: str, root: Path, mpd_data: Path, tmp_path: Path, runner: Call) -> None:
    from runner.backend import keras

    kind = "unconditional" if not name.startswith("parameterize") else "conditional"
    experiment = root / "experiments" / "physgan" / f"{kind}.yaml"
    model = mpd_data / "physgan_models" / f"{name}.h5"
    settings = ("--set", "evaluation.events=500", "--set", "evaluation.metrics=[cluster_shape, physgan_cluster_shape]")
    done = runner("import", model, "--experiment", experiment, *settings, RUNNER_DATA=str(mpd_data))
    folder = folder_of(done)
    assert folder.parent.name == name
    network = keras.models.load_model(folder / "model" / "generator.h5", compile=False)
    zeros = {key: np.zeros((1, *tensor.shape[1:]), np.float32) for key, tensor in network.input.items()}
    assert sum(value.shape[1] for value in zeros.values()) == 32
    assert float(np.sum(network(zeros))) == pytest.approx(SUMS[name], abs=5e-5)
    scores = json.loads((folder / "scores.json").read_text())
    assert {row["step"] for row in scores["rows"]} == {0}
    assert {row["metric"] for row in scores["rows"]} == {"cluster_shape", "physgan_cluster_shape"}
    if name == "parameterize_2":
        before = [(row["score"], row["value"]) for row in scores["rows"]]
        assert runner("evaluate", folder).returncode == 0
        after = json.loads((folder / "scores.json").read_text())
        assert [(row["score"], row["value"]) for row in after["rows"]] == before
        assert runner("generate", folder, "-n", "20", "-o", "out.csv").returncode == 0
        compared = runner("compare", folder, name, "--format", "json")
        assert compared.returncode == 0, compared.stderr


@pytest.mark.data
def test_physgans_best_model_is_told_from_real_responses_as_it_is_known_to_be(
    root: Path, mpd_data: Path, runner: Call
) -> None:
    """Boosted trees on pixels: an AUC of 0.911, where real responses have 0.49 to 0.51, with 8,000 of each kind."""
    from plugins.fidelity.classifier_test import CLASSIFIERS, ClassifierTest, judge
    from plugins.fidelity.comparable import comparable
    from runner.run_directory import read_sample

    settings = ("evaluation.events=8000", "evaluation.metrics=[]", "split={train: 0.01, validation: 0.0, test: 0.99}")
    words = [word for setting in (*settings, "training.keep_best=null") for word in ("--set", setting)]
    experiment = root / "experiments" / "physgan" / "unconditional.yaml"
    model = mpd_data / "physgan_models" / "best_unparameterized.h5"
    folder = folder_of(runner("import", model, "--experiment", experiment, *words, RUNNER_DATA=str(mpd_data)))
    real, generated = (read_sample(folder / "samples" / f"{kind}.h5").loaded() for kind in ("real", "generated"))

    def area(first: Any, second: Any) -> float:
        pair, rng = comparable(first, second), np.random.default_rng(0)
        return float(judge(CLASSIFIERS["trees_pixels"], pair, ClassifierTest.Params(), rng).area().value)

    assert area(real, generated) == pytest.approx(0.91, abs=0.01)
    order = np.random.default_rng(0).permutation(len(real))
    assert 0.49 < area(real.take(order[::2]), real.take(order[1::2])) < 0.51


def test_what_is_no_model_is_one_message_and_leaves_nothing(
    root: Path, quickstart: Any, tmp_path: Path, runner: Call
) -> None:
    import h5py

    experiment = root / "experiments" / "quickstart.yaml"
    good = (quickstart.folder / "model" / "generator.h5").read_bytes()
    (tmp_path / "truncated.h5").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.h5").write_text("evtId,ipad,itime,amp\n")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["responses"] = np.zeros(3)
    for name, words in {
        "truncated.h5": "truncated",
        "text.h5": "HDF5",
        "other.h5": "model_config",
        "absent.h5": "no such file",
    }.items():
        done = runner("import", tmp_path / name, "--experiment", experiment, *SMALL)
        assert done.returncode in (2, 4), done.stderr
        assert words in done.stderr
        assert name in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_model_for_other_data_is_refused_with_both_shapes(
    root: Path, quickstart: Any, tmp_path: Path, runner: Call
) -> None:
    model = quickstart.folder / "model" / "generator.h5"
    experiment = root / "experiments" / "quickstart.yaml"
    shape = ("--set", "dataset.pads=9", "--set", "networks.critic=dense_critic")
    plugin = tmp_path / "dense.py"
    plugin.write_text(CRITIC)
    done = runner("import", model, "--experiment", experiment, *SMALL, *shape, "--plugin", plugin)
    assert done.returncode in (2, 4), done.stderr
    assert "(8, 8)" in done.stderr
    assert "(9, 8)" in done.stderr
    assert not (tmp_path / "runs").exists()


CRITIC = '''
"""A critic of any data."""
from runner.api import Architecture, Signature, hookimpl


class DenseCritic(Architecture):
    """One dense layer."""

    name = "dense_critic"
    role = "critic"

    def signature(self, params, data):
        return Signature({"responses": data.shape, "conditions": (len(data.conditions),)}, (1,))

    def build(self, params, data):
        import keras

        signature = self.signature(params, data)
        inputs = {name: keras.Input(shape, name=name) for name, shape in signature.inputs.items()}
        flat = [keras.layers.Flatten()(tensor) for tensor in inputs.values()]
        return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(flat)))


@hookimpl
def runner_architectures():
    return [DenseCritic()]
'''
