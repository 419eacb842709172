"""Bad input gets one clear answer, before anything is loaded or written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runner.cli import group, main

FIVE = """\
name: five
dataset: {name: tpc_simulation, events: 100}
transform: log_amplitud
networks: {generator: physgan_unparameterized, critic: physgan_discriminator}
strategy: adversarial
losses: {adversarial: wasserstein}
optimizers:
  generator: {name: rmsprop, learning_rate: -3.0e-4}
  critic: {name: rmsprop, learning_rate: 3.0e-4}
training:
  stepz: 50
  steps: fifty
evaluation: {metrics: [cluster_shape]}
seed: 1
seed: 2
"""
EXPECTED = [
    ("five.yaml:3:12", "transform", "no transform called 'log_amplitud'", "did you mean 'log_amplitude'?"),
    ("five.yaml:8:45", "optimizers.generator.learning_rate", "greater than 0, found -0.0003", ""),
    ("five.yaml:11:3", "training.stepz", "unknown key", "did you mean 'steps'?"),
    ("five.yaml:12:10", "training.steps", 'expected an integer, found "fifty"', ""),
    ("five.yaml:15:1", "seed", "", ""),
]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


@pytest.mark.parametrize("command", ["validate", "run"])
def test_five_mistakes_are_shown_at_once_with_their_places(command: str, tmp_path: Path) -> None:
    (tmp_path / "five.yaml").write_text(FIVE)
    result = subprocess.run(
        [sys.executable, "-m", "runner", command, "five.yaml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 2, result.stderr
    position = 0
    for where, key, message, suggestion in EXPECTED:
        for part in (where, key, message, suggestion):
            assert part in result.stderr[position:], f"{part!r} is not in\n{result.stderr[position:]}"
        position = result.stderr.index(where)
    mistakes = [line for line in result.stderr.splitlines() if "five.yaml:" in line]
    assert len(mistakes) == 5, result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["five.yaml"]


def test_all_files_are_checked(root: Path, tmp_path: Path) -> None:
    (tmp_path / "five.yaml").write_text(FIVE)
    good = root / "experiments" / "quickstart.yaml"
    result = invoke("validate", str(tmp_path / "five.yaml"), str(tmp_path / "absent.yaml"), str(good))
    assert result.exit_code == 2
    assert "quickstart.yaml: valid" in result.stdout
    assert "absent.yaml" in result.stderr


def test_a_missing_data_file_has_its_own_exit_code(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_DATA", str(tmp_path))
    result = invoke("validate", str(root / "experiments" / "physgan" / "unconditional.yaml"))
    assert result.exit_code == 4
    assert "no such data file" in result.stderr
    assert "set RUNNER_DATA" in result.stderr


def test_a_dry_run_prints_an_experiment_that_is_valid(root: Path, tmp_path: Path) -> None:
    result = invoke("run", str(root / "experiments" / "quickstart.yaml"), "--dry-run", "--set", "training.steps=7")
    assert result.exit_code == 0
    resolved = tmp_path / "resolved.yaml"
    resolved.write_text(result.stdout)
    again = invoke("run", str(resolved), "--dry-run")
    assert again.stdout == result.stdout
    assert "steps: 7" in result.stdout


def test_an_override_that_is_wrong_is_quoted(root: Path) -> None:
    result = invoke("validate", str(root / "experiments" / "quickstart.yaml"), "--set", "training.steps=0")
    assert result.exit_code == 2
    assert "--set training.steps=0" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["vaildate"], 2, "did you mean 'validate'?"),
        (["run"], 2, "Missing argument"),
        (["plugins", "describe", "cluster_shap"], 3, "did you mean 'cluster_shape'"),
        (["plugins", "list", "--kind", "zzz"], 2, "known: architecture"),
        (["plugins", "list", "--plugin", "absent.py"], 3, "no such file"),
        (["compare", "nothing"], 5, "nothing"),
        (["evaluate", "@last"], 5, "@last"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_codes_and_messages(
    arguments: list[str],
    code: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_RUNS", raising=False)
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == code
    captured = capsys.readouterr()
    assert message in captured.err
    assert not captured.out
    assert not list(tmp_path.iterdir())


def test_output_that_nobody_reads_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m runner schema | head -c 10"
    result = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, env=os.environ)
    assert "Traceback" not in result.stderr
