from pathlib import Path

from runner.compare import differing
from runner.run_directory import CompilationRecord, DataRecord, DeviceRecord, GitRecord, PluginRecord
from tests.unit.compared_runs import row, run

RECORD = {
    "git": GitRecord("a" * 40),
    "versions": {"keras": "3.12", "numpy": "2.0"},
    "plugins": (PluginRecord("p", "plugins/p.py", "f" * 64),),
    "data": DataRecord("d" * 64, 10, 8, 0, 2),
    "device": DeviceRecord("cpu", "CPU"),
}


def test_a_run_does_not_differ_from_itself_or_its_repetition(tmp_path: Path) -> None:
    a, b = (run(tmp_path, row(), record=RECORD) for _ in range(2))
    assert differing(a, a) == ()
    assert differing(a, b) == ()


def test_all_that_differs_is_found_and_nothing_else(tmp_path: Path) -> None:
    other = {
        "git": GitRecord("b" * 40, dirty=True),
        "versions": {"keras": "3.13", "numpy": "2.0", "scipy": "1.15"},
        "plugins": (PluginRecord("p", "plugins/p.py", "0" * 64),),
        "data": DataRecord("e" * 64, 11, 9, 0, 2),
        "device": DeviceRecord("gpu", "H100"),
        "compilation": CompilationRecord(True, "as it is"),
    }
    a = run(tmp_path, row(), record=RECORD, training={"steps": 5, "block": 1})
    b = run(
        tmp_path,
        row(),
        record=other,
        seed=2,
        digest="c" * 64,
        training={"steps": 6, "block": 1},
        files={"git.diff": "# not in the repository: notes\n+1\n-2\n"},
    )
    found = {(one.section, one.key): (one.first, one.second) for one in differing(a, b)}
    changes = found.pop(("code", "changes"))
    assert changes[0] is None
    assert changes[1].startswith("2 lines of changes (digest ")
    assert found == {
        ("parameters", "seed"): (1, 2),
        ("parameters", "training.steps"): (5, 6),
        ("code", "revision"): ("a" * 12, "b" * 12),
        ("packages", "keras"): ("3.12", "3.13"),
        ("packages", "scipy"): (None, "1.15"),
        ("plugins", "p"): ("plugins/p.py (digest ffffffffffff)", "plugins/p.py (digest 000000000000)"),
        ("data", "digest"): ("d" * 12, "e" * 12),
        ("data", "events"): (10, 11),
        ("data", "train"): (8, 9),
        ("data", "digest of the events judged on"): ("a" * 12, "c" * 12),
        ("device", "device"): ("CPU", "H100"),
        ("device", "XLA"): (False, True),
    }


def test_changes_that_were_not_committed_are_compared_by_content(tmp_path: Path) -> None:
    dirty = {**RECORD, "git": GitRecord("a" * 40, dirty=True)}
    a, b, c = (run(tmp_path, record=dirty, files={"git.diff": text}) for text in ("+1\n", "+1\n", "+2\n"))
    assert differing(a, b) == ()
    assert [one.key for one in differing(a, c)] == ["changes"]


def test_what_is_the_runs_own_is_no_difference(tmp_path: Path) -> None:
    a = run(tmp_path, record=RECORD)
    b = run(tmp_path, record=RECORD)
    b.update(steps=7, timings={"training": 1.0}, message="no")
    assert differing(a, b) == ()
