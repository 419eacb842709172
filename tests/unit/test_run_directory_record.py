import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import RunDirectoryError
from runner.run_directory import CompilationRecord, DataRecord, DeviceRecord, GitRecord, PluginRecord, RunRecord

PATH = Path("runs/toy/1/run.json")

RECORD = RunRecord(
    name="toy",
    seed=2**62,
    description="Größe",
    status="diverged",
    id="0a1b2c",
    command="runner run 'a b.yaml'",
    git=GitRecord("abc", True),
    versions={"python": "3.12.1"},
    plugins=(PluginRecord("physgan", "bundled", "12"), PluginRecord("mine", "file", "34")),
    data=DataRecord("56", 100, 80, 10, 10),
    device=DeviceRecord("gpu", "H100", ("GPU:0", "GPU:1")),
    compilation=CompilationRecord(True, "2.0 ms per step without, 1.0 ms with"),
    pid=7,
    steps=3,
    model_step=2,
    message="NaN",
    timings={"training": 1.5, "evaluation": 2},
)


def changed(**changes: Any) -> str:
    return json.dumps({**json.loads(RECORD.to_json()), **changes})


def test_a_record_comes_back_as_it_was() -> None:
    assert RunRecord.from_json(RECORD.to_json(), PATH) == RECORD
    bare = RunRecord(name="toy", seed=0)
    assert RunRecord.from_json(bare.to_json(), PATH) == bare


@settings(deadline=None)
@given(st.text(), st.integers(), st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)))
def test_any_text_and_number_comes_back(text: str, number: int, timings: dict[str, float]) -> None:
    record = replace(RECORD, message=text, seed=number, timings=timings)
    assert RunRecord.from_json(record.to_json(), PATH) == record


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": "1"}, 'seed must be a whole number, not "1"'),
        ({"seed": True}, "seed must be a whole number, not true"),
        ({"seed": 1.0}, "seed must be a whole number, not 1.0"),
        ({"name": None}, "name must be a text, not null"),
        ({"status": "done"}, "status must be one of running, .*, not 'done'"),
        ({"git": "abc"}, 'git must be an object, not "abc"'),
        ({"git": {"revision": None}}, "git.dirty is missing"),
        ({"git": {"revision": None, "dirty": 0}}, "git.dirty must be true or false, not 0"),
        ({"plugins": {}}, "plugins must be a list, not an object"),
        ({"plugins": [1]}, r"plugins.0 must be an object, not 1"),
        ({"plugins": [{"name": "a", "source": "b", "digest": 1}]}, "plugins.0.digest must be a text"),
        ({"device": {"kind": "", "name": "", "visible": [[]]}}, "device.visible.0 must be a text, not a list"),
        ({"timings": {"training": "fast"}}, "timings.training must be a number"),
        ({"timings": {"training": 10**400}}, "timings.training must be a number"),
        ({"versions": {"python": 3.12}}, "versions.python must be a text"),
        ({"schema_version": 1}, "schema_version must be a text"),
        ({"schema_version": "new"}, "schema_version must be a version such as 1.0"),
        ({"schema_version": "2.0"}, "has schema version 2.0, this program knows 1.2; install a newer tpc-runner"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RunDirectoryError, match=f"{PATH}: {message}"):
        RunRecord.from_json(changed(**changes), PATH)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "not valid JSON"), ("{", "not valid JSON"), ("[" * 100_000, "not valid JSON"), ("[]", "a JSON object")],
)
def test_what_is_no_record_is_refused(text: str, message: str) -> None:
    with pytest.raises(RunDirectoryError, match=message):
        RunRecord.from_json(text, PATH)


def test_a_missing_key_is_named() -> None:
    tree = json.loads(RECORD.to_json())
    for key in tree.keys() - {"imported", "resumed", "compilation", "model_step"}:
        with pytest.raises(RunDirectoryError, match=f"{key} is missing"):
            RunRecord.from_json(json.dumps({name: tree[name] for name in tree if name != key}), PATH)


def test_records_of_older_versions_are_read() -> None:
    tree = json.loads(RECORD.to_json())
    del tree["imported"], tree["resumed"], tree["compilation"], tree["model_step"]
    tree["schema_version"] = "1.0"
    expected = replace(RECORD, schema_version="1.0", compilation=CompilationRecord(), model_step=RECORD.steps)
    assert RunRecord.from_json(json.dumps(tree), PATH) == expected


def test_what_a_newer_minor_version_adds_is_ignored() -> None:
    text = changed(schema_version="1.7", mood="good", git={"revision": "abc", "dirty": True, "branch": "main"})
    assert RunRecord.from_json(text, PATH) == replace(RECORD, schema_version="1.7")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(b"\xff\xfe")
    with pytest.raises(RunDirectoryError, match=r"run.json: is not UTF-8"):
        RunRecord.read(tmp_path / "run.json")
