"""What `pip install .` gives: the command, and every bundled plugin, from any folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


def test_an_installed_package_is_complete_and_works_from_any_folder(root: Path, tmp_path: Path) -> None:
    source, site, elsewhere = tmp_path / "source", tmp_path / "site", tmp_path / "elsewhere"
    for name in ("runner", "plugins"):
        shutil.copytree(root / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
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
