"""Every experiment file is valid, known to editors, and in the table of `experiments/README.md`."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from runner import config
from runner.plan import make_plan
from runner.plugin_manager import load_plugins
from runner.schema import experiment_schema

FOLDER = Path(__file__).resolve().parent.parent / "experiments"
FILES = sorted(FOLDER.rglob("*.yaml"))


def name(file: Path) -> str:
    return str(file.relative_to(FOLDER))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_it_is_valid_wherever_the_data_are(file: Path) -> None:
    plan = make_plan(config.read(file), data_must_exist=False)
    assert plan.experiment.description


@pytest.mark.data
@pytest.mark.parametrize("file", FILES, ids=name)
def test_it_is_valid_with_the_real_data(file: Path, mpd_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_DATA", str(mpd_data))
    make_plan(config.read(file))


@pytest.mark.parametrize("file", FILES, ids=name)
def test_its_first_line_names_the_schema(file: Path) -> None:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", first)
    assert match, first
    assert (file.parent / match[1]).resolve() == FOLDER / "experiment.schema.json"


@pytest.mark.parametrize("file", FILES, ids=name)
def test_it_fits_the_schema(file: Path) -> None:
    schema = json.loads((FOLDER / "experiment.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(config.read(file).data, schema)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_it_is_in_the_table(file: Path) -> None:
    assert f"]({name(file)})" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_schema_is_current() -> None:
    current = json.loads((FOLDER / "experiment.schema.json").read_text(encoding="utf-8"))
    assert current == experiment_schema(load_plugins().registry), "renew it with: make schema"
