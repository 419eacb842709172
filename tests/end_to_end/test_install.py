"""What an installation of the files in the Dockerfile gives: the command, and every bundled plugin, from any folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


def copied(root: Path) -> list[str]:
    """What the Dockerfile takes for the installation."""
    lines = (root / "Dockerfile").read_text().splitlines()
    return [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]


def test_the_dockerfile_is_let_see_what_it_copies(root: Path) -> None:
    allowed = {line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert allowed == set(copied(root))


def test_an_installed_package_is_complete_and_works_from_any_folder(root: Path, tmp_path: Path) -> None:
    source, site, elsewhere = tmp_path / "source", tmp_path / "site", tmp_path / "elsewhere"
    source.mkdir()
    for name in copied(root):
        if (root / name).is_dir():
            shutil.copytree(root / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / name, source / name)
    elsewhere.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", site, source], check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, "-P", site / "bin" / "runner", "plugins", "list", "--format", "json"]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    listed = {(entry["plugin"], entry["source"]) for entry in json.loads(done.stdout)["components"]}
    folders = {path.parent.name for path in (root / "plugins").glob("*/__init__.py")}
    assert listed == {(name, "bundled") for name in folders}
    where = "import runner, plugins; print(runner.__file__, plugins.__file__)"
    places = subprocess.run(
        [sys.executable, "-P", "-c", where], cwd=elsewhere, env=environment, capture_output=True, text=True
    )
    assert all(place.startswith(str(site)) for place in places.stdout.split())
