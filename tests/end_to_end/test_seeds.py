"""One experiment with two seeds, two at a time, and their comparison."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import SMALL, call, sets

pytestmark = [pytest.mark.training, pytest.mark.xdist_group("runs")]


def test_seeds_are_runs_of_their_own_and_one_group(root: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    (tmp_path / "two.yaml").write_text(f"extends: {root}/experiments/quickstart.yaml\nname: two\nseeds: [7, 3]\n")

    def runner(*arguments: str | Path) -> Any:
        return call(*arguments, runs=runs, cwd=tmp_path)

    done = runner("run", "two.yaml", *sets(*SMALL, "dataset.events=500"), "--jobs", "2")
    assert done.code == 0, done.err
    folders = {json.loads((path / "run.json").read_text())["seed"]: path for path in (runs / "two").iterdir()}
    assert sorted(folders) == [3, 7]
    for seed, folder in folders.items():
        resolved = (folder / "resolved.yaml").read_text().splitlines()
        assert f"seed: {seed}" in resolved
        assert not any(line.startswith("seeds") for line in resolved)
        assert str(folder) in done.out
        assert f"seed {seed}: run folder {folder}" in done.err
    assert folders[3].joinpath("scores.json").read_text() != folders[7].joinpath("scores.json").read_text()
    assert "two" in done.out
    assert "(2)" in done.out

    compared = runner("compare", "two", "--format", "json")
    assert compared.code == 0, compared.err
    found = json.loads(compared.out)
    group = next(group for group in found["groups"] if not group["reference"])
    assert group["seeds"] == [3, 7]
    assert set(group["paths"]) == set(map(str, folders.values()))
    values = [json.loads((folder / "scores.json").read_text())["rows"][0]["value"] for folder in folders.values()]
    (score,) = found["scores"]
    assert score["cells"][0]["mean"] == pytest.approx(sum(values) / 2)
    assert score["cells"][0]["n"] == 2

    again = runner("run", folders[7] / "resolved.yaml")
    assert again.code == 0, again.err
    assert again.scores["rows"] == json.loads((folders[7] / "scores.json").read_text())["rows"]
    assert "no difference" in runner("diff", folders[7], again.folder).out
