"""Responses of a trained model as files, through the command a user types, and back through the reader."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plugins.tpc_digits import TpcDigits, TpcDigitsParams
from runner.api import Sample
from runner.run_directory import read_sample
from tests.end_to_end.forking import completed

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("models")]

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def generate(quickstart: Any, tmp_path: Path) -> Call:
    def run(output: Path | str, *options: str, of: Path = quickstart.folder) -> subprocess.CompletedProcess[str]:
        environment = {"COLUMNS": "200", "RUNNER_RUNS": str(quickstart.runs)}
        return completed("generate", of, "-o", output, *options, cwd=tmp_path, environment=environment)

    return run


def read(path: Path, of: Sample, angles: tuple[float, float] = (0.0, 15.0)) -> Sample:
    """A file through `tpc_digits`, in the window of the responses `of`."""
    pads, times = ([int(axis.start), int(axis.start) + axis.size] for axis in of.info.axes)
    condition = {"name": "crossing_angle", "unit": "deg", "range": angles}
    text = json.dumps({"path": str(path), "conditions": [condition], "pads": pads, "times": times})
    return TpcDigits().load(TpcDigitsParams.model_validate_json(text, strict=True), np.random.default_rng(0))


def same(first: Sample, second: Sample) -> None:
    np.testing.assert_array_equal(first.event_ids, second.event_ids)
    np.testing.assert_array_equal(first.responses, second.responses)
    np.testing.assert_array_equal(first.conditions, second.conditions)


def test_all_three_formats_give_the_same_responses_back(generate: Call, tmp_path: Path) -> None:
    options = ("-n", "1500", "--set-condition", "crossing_angle=2:9", "--seed", "7", "--first-event", "100")
    for suffix in ("h5", "csv", "dat"):
        done = generate(f"out.{suffix}", *options)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"out.{suffix}\n"
    truth = read_sample(tmp_path / "out.h5")
    assert len(truth) == 1500
    np.testing.assert_array_equal(truth.event_ids, np.arange(100, 1600))
    angles = truth.conditions[:, 0]
    assert 2 <= angles.min() < angles.max() <= 9
    assert angles.std() > 1.8
    hits = truth.responses[truth.responses != 0]
    assert len(hits) > 1500
    assert (hits >= truth.info.threshold).all()
    same(read(tmp_path / "out.h5", truth), truth)
    with_hits = truth.take((truth.responses > 0).any(axis=(1, 2)))
    same(read(tmp_path / "out.csv", truth), with_hits)
    raw = read(tmp_path / "out.dat", truth)
    np.testing.assert_array_equal(raw.event_ids, np.arange(len(with_hits)))
    np.testing.assert_array_equal(raw.responses, with_hits.responses)
    np.testing.assert_array_equal(raw.conditions, with_hits.conditions)


def test_the_seed_decides(generate: Call, tmp_path: Path, quickstart: Any) -> None:
    for name, options in {"own": (), "same": ("--seed", "42"), "other": ("--seed", "43")}.items():
        assert generate(f"{name}.csv", "-n", "30", *options).returncode == 0
    contents = {name: (tmp_path / f"{name}.csv").read_bytes() for name in ("own", "same", "other")}
    assert quickstart.record["seed"] == 42
    assert contents["own"] == contents["same"] != contents["other"]


def test_conditions_that_are_not_set_are_those_of_test_events(generate: Call, tmp_path: Path, quickstart: Any) -> None:
    assert generate("out.h5", "-n", "500").returncode == 0
    real = read_sample(quickstart.folder / "samples" / "real.h5")
    assert np.isin(read_sample(tmp_path / "out.h5").conditions, real.conditions).all()


def test_conditions_from_a_table(generate: Call, tmp_path: Path) -> None:
    angles = np.linspace(0, 20, 1203, dtype=np.float32)
    rows = "".join(f"{number},{angle!r}\n" for number, angle in enumerate(angles.tolist()))
    (tmp_path / "tracks.csv").write_text("track,crossing_angle\n" + rows)
    done = generate("out.h5", "--conditions", "tracks.csv")
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(read_sample(tmp_path / "out.h5").conditions[:, 0], angles)
    assert "of 1,203 events have crossing_angle outside 0 to 15 deg, where the networks were trained" in done.stderr
    assert generate("few.h5", "--conditions", "tracks.csv", "-n", "5").returncode == 0
    np.testing.assert_array_equal(read_sample(tmp_path / "few.h5").conditions[:, 0], angles[:5])
    too_many = generate("many.h5", "--conditions", "tracks.csv", "-n", "2000")
    assert too_many.returncode == 4
    assert "has 1203 rows, but 2000 responses are asked for" in too_many.stderr
    both = generate("both.h5", "--conditions", "tracks.csv", "--set-condition", "crossing_angle=3")
    assert both.returncode == 2
    assert not list(tmp_path.glob("*.tmp*")) + list(tmp_path.glob("many*")) + list(tmp_path.glob("both*"))


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("out.txt", "-n", "5"), 2, "no format has the suffix '.txt'"),
        (("out.csv",), 2, "how many responses? say it with -n, or with --conditions FILE"),
        (("out.csv", "-n", "5", "--set-condition", "angle=3"), 2, "angle: the run has no such condition"),
        (("out.csv", "-n", "5", "--set-condition", "crossing_angle"), 2, "expected a name and a value or a range"),
        (("out.csv", "-n", "0"), 2, "0 is not in the range"),
        (("out.csv", "-n", "5", "--first-event", str(2**53 - 3)), 2, "event numbers go up to 9007199254740991"),
        (("absent/../out.csv", "-n", "5", "--conditions", "absent.csv"), 4, "absent.csv: cannot be read"),
        (("out.csv", "-n", "5", "--device", "gpu:7"), 2, "gpu:7 was asked for"),
    ],
)
def test_what_cannot_be_done_is_one_message(
    generate: Call, tmp_path: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    done = generate(*options)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_responses_that_are_not_finite_are_not_written(generate: Call, tmp_path: Path) -> None:
    done = generate("out.h5", "-n", "5", "--set-condition", "crossing_angle=1e30")
    assert done.returncode == 4, done.stderr
    assert "is not finite (at crossing_angle 1e+30 deg)" in done.stderr
    assert "Warning" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_parts_of_an_experiment_that_generating_does_not_need_may_be_gone(
    generate: Call, tmp_path: Path, quickstart: Any
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(quickstart.folder, folder)
    resolved = (folder / "resolved.yaml").read_text()
    (folder / "resolved.yaml").write_text(resolved.replace("name: cluster_shape", "name: gone_metric"))
    assert "gone_metric" in (folder / "resolved.yaml").read_text()
    assert generate("out.csv", "-n", "5", of=folder).returncode == 0
    command = [sys.executable, "-m", "runner", "evaluate", str(folder), "--metrics", "physgan_cluster_shape"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_file_that_is_there_is_kept_unless_forced(generate: Call, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("precious")
    refused = generate("out.csv", "-n", "5")
    assert refused.returncode == 5
    assert "is already there; choose another name, or replace it with --force" in refused.stderr
    assert (tmp_path / "out.csv").read_text() == "precious"
    assert generate("out.csv", "-n", "5", "--force").returncode == 0
    assert (tmp_path / "out.csv").read_text().startswith("evtId")


def test_a_run_without_networks_cannot_generate(generate: Call, tmp_path: Path, quickstart: Any) -> None:
    folder = tmp_path / "run"
    shutil.copytree(quickstart.folder, folder)
    (folder / "model" / "generator.h5").unlink()
    done = generate("out.csv", "-n", "5", of=folder)
    assert done.returncode == 5
    assert "no trained generator" in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_the_critic_is_not_needed(generate: Call, tmp_path: Path, quickstart: Any) -> None:
    folder = tmp_path / "run"
    shutil.copytree(quickstart.folder, folder)
    (folder / "model" / "critic.h5").unlink()
    assert generate("out.csv", "-n", "5", of=folder).returncode == 0


PEAK = """
import resource, sys
from runner.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_the_number_of_responses(tmp_path: Path, quickstart: Any) -> None:
    """200,000 responses are 49 MiB of amplitudes, and their hits in text are more."""

    def peak(events: int, name: str) -> int:
        command = [sys.executable, "-c", PEAK, "generate", str(quickstart.folder), "-n", str(events), "-o", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return int(done.stdout.splitlines()[-1])

    few, many = peak(10_000, "few.h5"), peak(200_000, "many.h5")
    assert many < few + 25
