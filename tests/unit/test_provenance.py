import hashlib
import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from runner import provenance
from runner.api import Axis, Condition, DataInfo, Sample
from runner.errors import DataError


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, whatever git settings this machine has."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    folder = tmp_path / "repository"
    (folder / "inner").mkdir(parents=True)
    (folder / "file.txt").write_text("one\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "first")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True).stdout


def test_a_clean_tree_has_a_revision_and_no_diff(repository: Path) -> None:
    expected = provenance.GitState(git(repository, "rev-parse", "HEAD").strip(), False, "")
    assert provenance.git_state(repository) == expected
    assert provenance.git_state(repository / "inner") == expected


def test_a_changed_tree_is_dirty_and_its_diff_can_be_applied(repository: Path) -> None:
    (repository / "file.txt").write_text("one\ntwo é\n")
    (repository / "new file").touch()
    (repository / "staged.txt").write_text("staged\n")
    git(repository, "add", "staged.txt")
    state = provenance.git_state(repository / "inner")
    assert state.dirty
    assert state.diff.startswith("# not in the repository: new file\n")
    git(repository, "reset", "-q", "--hard")
    (repository / "patch").write_text(state.diff)
    git(repository, "apply", "patch")
    assert (repository / "file.txt").read_text() == "one\ntwo é\n"
    assert (repository / "staged.txt").read_text() == "staged\n"


def test_new_files_alone_are_listed_but_do_not_make_a_tree_dirty(repository: Path) -> None:
    (repository / "new").touch()
    (repository / ".gitignore").write_text("ignored\n")
    (repository / "ignored").touch()
    state = provenance.git_state(repository)
    assert not state.dirty
    assert state.diff == "# not in the repository: .gitignore\n# not in the repository: new\n"


def test_a_long_diff_is_cut_and_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "DIFF_LIMIT", 100_000)
    (repository / "file.txt").write_text("a line of text\n" * 50_000)
    state = provenance.git_state(repository)
    assert state.dirty
    assert len(state.diff) < 100_100
    assert state.diff.endswith("\n+a line of text\n# cut here: longer than 100000 bytes\n")


def test_the_tree_is_the_folders_even_inside_a_hook_of_another(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = provenance.git_state(repository)
    git(tmp_path, "init", "-q", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    assert provenance.git_state(repository) == expected


def test_without_repository_commit_or_git_there_is_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = provenance.GitState(None, False, "")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.git_state(tmp_path) == nothing
    git(tmp_path, "init", "-q", "empty")
    assert provenance.git_state(tmp_path / "empty") == nothing
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.git_state(tmp_path) == nothing


def test_versions_are_of_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = provenance.versions()
    assert found["python"] == sys.version.split()[0]
    assert found["numpy"] == np.__version__
    assert "tpc-runner" in found

    def version(name: str) -> str:
        if name == "tensorflow":
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(metadata, "version", version)
    assert "tensorflow" not in provenance.versions()


def test_a_process_is_told_from_a_later_one_and_from_one_that_ended() -> None:
    own = provenance.process(os.getpid())
    assert own == provenance.process(os.getpid()) != ""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        other = provenance.process(child.pid)
        assert other not in ("", own)
    assert provenance.process(child.pid) == ""


def test_the_command_can_be_pasted_into_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["/bin/runner", "run", "a b.yaml", "--set", "name='x'", "\udcff"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert shlex.split(provenance.command_line()) == [*arguments[:-1], "?"]


def test_times_are_utc() -> None:
    time = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert provenance.iso(time) == "2025-12-31T23:30:00.000Z"
    assert abs(datetime.fromisoformat(provenance.utc_now()) - datetime.now(UTC)) < timedelta(seconds=10)


def test_a_files_digest_is_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    assert provenance.digest_file(tmp_path / "a") == hashlib.sha256(b"content").hexdigest()
    with pytest.raises(DataError, match="missing: cannot be read: No such file"):
        provenance.digest_file(tmp_path / "missing")


def test_the_digest_of_files_sees_names_and_content_but_neither_order_nor_place(tmp_path: Path) -> None:
    def files(folder: str, **contents: str) -> list[Path]:
        paths = [tmp_path / folder / name.replace("_", "/") for name in contents]
        for path, text in zip(paths, contents.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return paths

    digest = provenance.digest_files(files("one", a="1", inner_b="2"))
    assert digest == provenance.digest_files(files("two/deeper", inner_b="2", a="1"))
    assert digest != provenance.digest_files(files("three", a="2", inner_b="1"))
    assert digest != provenance.digest_files(files("four", a="1", inner_c="2"))
    assert provenance.digest_files(files("five", a="1")) == provenance.digest_files(files("six", a="1"))
    assert len(provenance.digest_files([])) == 64


INFO = DataInfo((Axis("pad", 2), Axis("time", 3)), "amplitude", "ADC", 1.0, (Condition("angle", "deg", 0.0, 1.0),))
SAMPLE = Sample(
    INFO,
    np.arange(24, dtype=np.float32).reshape(4, 2, 3),
    np.ones((4, 1), np.float32),
    np.arange(4, dtype=np.int64),
)


def test_the_digest_of_a_sample_sees_all_of_it() -> None:
    changed = [
        SAMPLE,
        SAMPLE.take([0, 1, 2]),
        SAMPLE.take([1, 0, 2, 3]),
        replace(SAMPLE, responses=np.nextafter(SAMPLE.responses, np.float32(99))),
        replace(SAMPLE, conditions=2 * SAMPLE.conditions),
        replace(SAMPLE, event_ids=SAMPLE.event_ids + 1),
        replace(SAMPLE, info=replace(INFO, unit="fC")),
        replace(SAMPLE, info=replace(INFO, threshold=2.0)),
        replace(SAMPLE, info=replace(INFO, axes=(Axis("pad", 2, start=1.0), Axis("time", 3)))),
        replace(SAMPLE, info=replace(INFO, conditions=(Condition("angle", "deg", 0.0, 2.0),))),
        replace(SAMPLE, info=replace(INFO, conditions=(Condition("angle", "deg", 0.0, 1.0, 0.5),))),
        replace(SAMPLE, info=replace(INFO, conditions=(Condition("angle", "deg", 0.0, 1.0, 0.25),))),
    ]
    assert len({provenance.digest_sample(sample) for sample in changed}) == len(changed)


def test_the_digest_of_a_sample_without_periods_is_that_of_earlier_versions() -> None:
    description = [[["pad", 2, "", 0.0], ["time", 3, "", 0.0]], ["amplitude", "ADC", 1.0], [["angle", "deg", 0.0, 1.0]]]
    expected = hashlib.sha256(json.dumps(description).encode())
    for header, array in (
        (["<f4", 4, 2, 3], SAMPLE.responses),
        (["<f4", 4, 1], SAMPLE.conditions),
        (["<i8", 4], SAMPLE.event_ids),
    ):
        expected.update(json.dumps(header).encode() + array.tobytes())
    assert provenance.digest_sample(SAMPLE) == expected.hexdigest()


def test_the_digest_of_a_sample_does_not_depend_on_how_it_is_held() -> None:
    same = [
        replace(SAMPLE, notes=("a note",)),
        replace(SAMPLE, responses=np.asfortranarray(SAMPLE.responses)),
        replace(SAMPLE, info=replace(INFO, threshold=1, conditions=(Condition("angle", "deg", 0, 1),))),
        replace(SAMPLE, info=replace(INFO, axes=(Axis("pad", np.int64(2)), Axis("time", 3, start=np.float32(0))))),
    ]
    assert {provenance.digest_sample(sample) for sample in same} == {provenance.digest_sample(SAMPLE)}
