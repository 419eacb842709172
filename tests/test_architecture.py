"""What may import what (contracts in setup.cfg), and what must not load TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def test_import_contracts_are_kept(root: Path) -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="session")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which importing TensorFlow or Keras fails."""
    folder = tmp_path_factory.mktemp("poison")
    for name in ("tensorflow", "keras"):
        (folder / f"{name}.py").write_text("raise AssertionError('a light command loads TensorFlow')\n")
    return {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}


def runner(*arguments: str, cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runner", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


def test_the_poison_works(root: Path, poisoned: dict[str, str], tmp_path: Path) -> None:
    result = runner("doctor", cwd=tmp_path, environment=poisoned)
    assert "a light command loads TensorFlow" in result.stdout + result.stderr
    assert result.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["plugins", "list"],
        ["plugins", "describe", "adversarial"],
        ["validate", "{experiments}/quickstart.yaml"],
        ["run", "{experiments}/quickstart.yaml", "--dry-run"],
        ["schema"],
        ["runs"],
        ["runs", "--format", "json"],
    ],
    ids=" ".join,
)
def test_light_commands_do_not_load_tensorflow(
    arguments: list[str], root: Path, poisoned: dict[str, str], tmp_path: Path
) -> None:
    filled = [argument.format(experiments=root / "experiments") for argument in arguments]
    result = runner(*filled, cwd=tmp_path, environment=poisoned)
    assert result.returncode == 0, result.stderr
    assert not list(tmp_path.iterdir())


def test_every_plugin_declares_without_tensorflow(root: Path, poisoned: dict[str, str], tmp_path: Path) -> None:
    names = [path.parent.name for path in (root / "plugins").glob("*/__init__.py")]
    lines = "\n".join(f"import plugins.{name}" for name in names)
    result = subprocess.run([sys.executable, "-c", lines], env=poisoned, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_hdf5_files_are_opened_in_one_place(root: Path) -> None:
    """What comes from anywhere is opened by `runner.hdf5`; the others write files of their own."""
    sources = [path for folder in ("runner", "plugins") for path in (root / folder).rglob("*.py")]
    opening = {str(path.relative_to(root)) for path in sources if "h5py.File(" in path.read_text(encoding="utf-8")}
    assert opening == {
        "runner/hdf5/opening.py",
        "runner/hdf5/probe.py",
        "runner/run_directory/files.py",
        "plugins/tpc_digits/cache.py",
        "plugins/tpc_digits/hdf5_file.py",
    }
