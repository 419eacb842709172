"""Training, evaluating and recording, through the command a user types."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("runs")]


def weights(folder: Path) -> dict[str, str]:
    """Digest of every array of the trained networks."""
    found: dict[str, str] = {}
    for path in sorted((folder / "model").glob("*.h5")):
        with h5py.File(path, "r") as file:

            def add(name: str, item: Any, path: Path = path) -> None:
                if isinstance(item, h5py.Dataset):
                    # layers are numbered across a process, so that their names say nothing
                    found[f"{path.stem}/{len(found)}"] = hashlib.sha256(item[()].tobytes()).hexdigest()

            file.visititems(add)
    return found


def score_values(scores: dict[str, Any]) -> list[tuple[str, str, Any, Any]]:
    return [(row["metric"], row["score"], row["value"], row["error"]) for row in scores["rows"]]


def test_a_run_ends_with_scores_pictures_and_a_complete_folder(quickstart: Any) -> None:
    assert "largest_ks" in quickstart.out
    folder = quickstart.folder
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {
        "experiment.yaml",
        "resolved.yaml",
        "run.json",
        "log.txt",
        "history.h5",
        "figures.h5",
        "scores.json",
        "report.html",
        "checkpoints/step-000000010.h5",
        "checkpoints/step-000000020.h5",
        "model/generator.h5",
        "model/critic.h5",
        "model/transform.h5",
        "samples/real.h5",
        "samples/generated.h5",
        "figures/gallery.png",
        "figures/mean_response.png",
        "figures/losses.png",
        "figures/training/step-000000010.png",
        "figures/training/step-000000020.png",
    } <= names
    assert not [name for name in names if "tmp" in name]
    pictures = list((folder / "figures" / "cluster_shape").glob("*.png"))
    assert len(pictures) >= 7
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)
    assert (folder / "figures").as_posix() in quickstart.out


def test_the_record_says_where_the_run_comes_from(quickstart: Any, root: Path) -> None:
    record = quickstart.record
    assert (record["status"], record["steps"], record["seed"]) == ("finished", 20, 42)
    assert record["data"]["events"] == 1000
    assert record["data"]["train"] + record["data"]["test"] == 1000
    assert len(record["data"]["digest"]) == 64
    assert {"tensorflow", "keras", "numpy", "tpc-runner"} <= set(record["versions"])
    assert {"physgan", "adversarial", "tpc_simulation"} <= {plugin["name"] for plugin in record["plugins"]}
    assert all(len(plugin["digest"]) == 64 for plugin in record["plugins"])
    assert record["device"]["kind"] in ("cpu", "gpu")
    assert "quickstart.yaml" in record["command"]
    assert {"preparation", "training", "evaluation"} == set(record["timings"])
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True).stdout.strip()
    assert record["git"]["revision"] == (revision or None)


def test_losses_of_every_step_are_kept(quickstart: Any) -> None:
    with h5py.File(quickstart.folder / "history.h5", "r") as file:
        np.testing.assert_array_equal(file["step"], np.arange(20) + 1)
        losses = {name: np.asarray(values) for name, values in file["losses"].items()}
    assert set(losses) == {"generator", "critic", "wasserstein", "penalty"}
    assert all(np.isfinite(values).all() for values in losses.values())
    np.testing.assert_allclose(losses["critic"], losses["wasserstein"] + losses["penalty"], rtol=1e-4, atol=1e-5)


def test_samples_carry_names_units_and_the_threshold(quickstart: Any) -> None:
    with h5py.File(quickstart.folder / "samples" / "generated.h5", "r") as file:
        assert file["responses"].shape == (300, 8, 8)
        assert file["responses"].attrs["unit"] == "ADC"
        assert list(file["conditions"].attrs["names"]) == ["crossing_angle"]
        assert list(file["conditions"].attrs["units"]) == ["deg"]
        amplitudes = file["responses"][()]
    hits = amplitudes[amplitudes != 0]
    assert (hits >= 1).all()


def test_the_saved_generator_opens_in_plain_keras(quickstart: Any) -> None:
    from runner.backend import keras

    network = keras.models.load_model(quickstart.folder / "model" / "generator.h5", compile=False)
    output = network({"latent": np.zeros((2, 31), np.float32), "conditions": np.zeros((2, 1), np.float32)})
    assert output.shape == (2, 8, 8)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(quickstart: Any, small: Any) -> None:
    again = small("quickstart.yaml", "dataset.events=1000", "threads=1")  # the number of threads changes no bit
    other = small("quickstart.yaml", "dataset.events=1000", "seed=43")
    assert again.folder != quickstart.folder
    assert weights(again.folder) == weights(quickstart.folder)
    assert len(weights(again.folder)) > 10
    assert score_values(again.scores) == score_values(quickstart.scores)
    assert weights(other.folder) != weights(quickstart.folder)
    assert score_values(other.scores) != score_values(quickstart.scores)
    # other networks, but the same events: the two can be compared
    assert other.scores["data_digest"] == quickstart.scores["data_digest"]


def test_the_resolved_experiment_repeats_the_run(quickstart: Any, small: Any) -> None:
    again = small(quickstart.folder / "resolved.yaml")
    assert weights(again.folder) == weights(quickstart.folder)
    assert score_values(again.scores) == score_values(quickstart.scores)


def test_plugin_as_a_file_and_as_an_installed_package(root: Path, small: Any, tmp_path: Path) -> None:
    changes = ("dataset.events=1000", "networks.generator={name: dense_generator, units: 16}")
    metrics = "evaluation.metrics=[mean_charge, cluster_shape]"
    file = root / "examples" / "charge" / "charge.py"
    by_file = small("quickstart.yaml", *changes, metrics, options=("--plugin", str(file)))
    assert by_file.code == 0, by_file.err
    assert "mean_charge" in by_file.out
    assert (by_file.folder / "plugins" / "charge.py").read_text() == file.read_text()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    copy = tmp_path / "source"
    subprocess.run(["cp", "-r", str(root / "examples" / "charge"), str(copy)], check=True)
    subprocess.run([*pip, "--target", str(tmp_path / "site"), str(copy)], check=True, capture_output=True)
    installed = small("quickstart.yaml", *changes, metrics, PYTHONPATH=str(tmp_path / "site"))
    assert installed.code == 0, installed.err
    assert score_values(installed.scores) == score_values(by_file.scores)
    sources = {plugin["name"]: plugin["source"] for plugin in installed.record["plugins"]}
    assert sources["charge"] == "entry point"


def test_a_signal_stops_with_a_checkpoint(root: Path, tmp_path: Path) -> None:
    process, folder = start(root, tmp_path)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 75, err
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "interrupted"
    assert record["steps"] > 0
    assert (folder / "checkpoints" / f"step-{record['steps']:09d}.h5").is_file()
    assert f"interrupted at step {record['steps']}" in err
    assert losses_of(folder) == record["steps"]


def test_a_killed_run_loses_no_block_and_reads_as_interrupted(root: Path, tmp_path: Path) -> None:
    process, folder = start(root, tmp_path)
    process.kill()
    process.communicate()
    assert losses_of(folder) >= 10
    listed = subprocess.run(
        [sys.executable, "-m", "runner", "runs", "--runs", tmp_path, "--format", "json"], capture_output=True, text=True
    )
    assert [run["status"] for run in json.loads(listed.stdout)] == ["interrupted"]


def start(root: Path, runs: Path) -> tuple[subprocess.Popen[str], Path]:
    """A long run that has written its first checkpoint."""
    settings = ("training.steps=1000000", "training.batch_size=8", "training.checkpoint_every=10", "training.block=5")
    words = [word for setting in (*settings, "dataset.events=200") for word in ("--set", setting)]
    process = subprocess.Popen(
        [sys.executable, "-m", "runner", "run", root / "experiments" / "quickstart.yaml", *words, "--runs", runs],
        cwd=runs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    for _ in range(600):
        found = list(runs.glob("quickstart/*/checkpoints/step-*.h5"))
        if found:
            return process, found[0].parent.parent
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    process.kill()
    raise AssertionError("no checkpoint after a minute")


def losses_of(folder: Path) -> int:
    """Number of steps whose losses can be read."""
    from runner.run_directory import RunDirectory, read_history

    return len(read_history(RunDirectory.open(folder)).step)


def test_divergence_is_told_with_its_step(small: Any) -> None:
    done = small("quickstart.yaml", "dataset.events=200", "optimizers.critic.learning_rate=1e20", "name=diverging")
    assert done.code == 6
    assert " at step " in done.err
    (run,) = (done.runs / "diverging").iterdir()
    record = json.loads((run / "run.json").read_text())
    assert record["status"] == "diverged"
    assert "at step" in record["message"]


def test_a_gpu_that_is_not_there_is_told_before_a_folder_is_made(small: Any) -> None:
    done = small("quickstart.yaml", "dataset.events=200", "name=gpu", options=("--device", "gpu:7"))
    assert done.code == 2
    assert "gpu:7 was asked for, but TensorFlow sees" in done.err
    assert not (done.runs / "gpu").exists()


def test_a_folder_that_cannot_be_written_is_one_clear_error(small: Any, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = small("quickstart.yaml", "dataset.events=200", options=("--runs", str(blocked / "runs")))
    assert done.code == 5, done.err
    assert "Traceback" not in done.err
    assert str(blocked) in done.err


def test_tensorboard_gets_losses_and_scores(small: Any) -> None:
    done = small("quickstart.yaml", "dataset.events=200", "callbacks=[tensorboard]")
    assert done.code == 0, done.err
    assert list((done.folder / "tensorboard").glob("events*"))


def test_pictures_of_the_training_show_the_networks_of_their_step(quickstart: Any) -> None:
    first, last = sorted((quickstart.folder / "figures" / "training").glob("*.png"))
    assert first.read_bytes().startswith(b"\x89PNG")
    assert first.read_bytes() != last.read_bytes()


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_halves_a_random_schedule_and_decay_by_epochs(small: Any, precision: str) -> None:
    """On a CPU; what a GPU makes of them is another matter."""
    from runner.backend import keras
    from runner.run_directory import read_sample

    done = small(
        "quickstart.yaml",
        "dataset.events=200",
        f"training.precision={precision}",
        "strategy={name: adversarial, schedule: random, critic_steps: 2}",
        "optimizers.critic={name: adam, learning_rate: 1e-3, decay: {rate: 0.9, every: 1, unit: epochs}}",
    )
    assert done.code == 0, done.err
    critic = keras.models.load_model(done.folder / "model" / "critic.h5", compile=False)
    policies = [layer.dtype_policy.name for layer in critic.layers if layer.weights]
    assert policies == [precision] * (len(policies) - 1) + ["float32"]
    generated = read_sample(done.folder / "samples" / "generated.h5").responses
    hits = generated[generated > 0]
    assert len(np.unique(hits)) > 0.9 * len(hits)  # amplitudes do not stand on the grid of halves
    with h5py.File(done.folder / "history.h5", "r") as file:
        steps = {name: int((np.diff(file[f"losses/{name}"]) != 0).sum()) for name in ("generator", "critic")}
    assert min(steps.values()) > 0
    assert sum(steps.values()) <= 19  # one network moves in each step, so that one of the two losses stays


EXPERIMENTS = sorted(path.stem for path in (Path(__file__).parents[2] / "experiments" / "physgan").glob("*.yaml"))


@pytest.mark.data
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_real_responses_are_trained_on(name: str, mpd_data: Path, small: Any) -> None:
    done = small(f"physgan/{name}.yaml", RUNNER_DATA=str(mpd_data))
    assert done.code == 0, done.err
    assert done.record["data"]["events"] > 7900
    assert "largest_ks" in done.out
    with h5py.File(done.folder / "samples" / "real.h5", "r") as file:
        assert 0.19 < len(file["event_ids"]) / done.record["data"]["events"] < 0.21
        assert file["responses"][()].max() > 1000


def test_the_best_checkpoint_on_validation_events_is_saved_and_judged(small: Any) -> None:
    settings = ("dataset.events=1000", "split={train: 0.6, validation: 0.2, test: 0.2}", "training.keep_last=1")
    done = small("quickstart.yaml", *settings, "training.keep_best=cluster_shape/log_width_pad_ks", "training.steps=40")
    assert done.code == 0, done.err
    manifest = json.loads((done.folder / "checkpoints" / "manifest.json").read_text())
    kept = {entry["step"]: entry["shortfall"] for entry in manifest["checkpoints"]}
    found = re.findall(
        r"step (\d+): cluster_shape/log_width_pad_ks is ([\d.]+) on validation", done.err.replace("\n", " ")
    )
    scored = {int(step): float(value) for step, value in found}
    assert sorted(scored) == [10, 20, 30, 40]
    validation = json.loads((done.folder / "validation.json").read_text())["rows"]
    main = {row["step"]: row for row in validation if row["headline"]}
    assert {step: row["value"] for step, row in main.items()} == pytest.approx(scored, rel=1e-3)
    assert len({row["floor"] for row in main.values()}) == 1  # the same events at every checkpoint
    assert all(row["floor_sd"] > 0 for row in main.values())
    best = min(scored, key=lambda step: scored[step])
    assert set(kept) == {best, 40}
    assert kept[best] == pytest.approx(scored[best], rel=1e-3)
    assert {row["step"] for row in done.scores["rows"]} == {best}
    with h5py.File(done.folder / "samples" / "generated.h5", "r") as file:
        assert file.attrs["step"] == best
    assert (done.record["steps"], done.record["model_step"]) == (40, best)


@pytest.mark.parametrize(
    ("score", "complaint"),
    [
        ("nothing", "cluster_shape has no score 'nothing'"),
        ("log_centre_pad_ks_p", "cluster_shape/log_centre_pad_ks_p is neither good nor"),
    ],
)
def test_the_best_checkpoint_needs_a_score_that_is_good_or_bad(small: Any, score: str, complaint: str) -> None:
    split = "split={train: 0.6, validation: 0.2, test: 0.2}"
    done = small("quickstart.yaml", split, f"training.keep_best=cluster_shape/{score}")
    assert done.code == 2
    assert complaint in done.err.replace("\n", " ")


def test_the_best_checkpoint_needs_validation_events_and_a_metric(small: Any) -> None:
    done = small("quickstart.yaml", "training.keep_best=kolmogorov")
    assert done.code == 2
    assert "'kolmogorov' is not among evaluation.metrics" in done.err
    assert "split.validation leaves none" in done.err
