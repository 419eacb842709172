import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import numpy as np
import pytest

from runner.errors import RunDirectoryError
from runner.run_directory import make_folder, replace_atomic, replace_output, write_atomic, write_hdf5


def test_text_is_written_byte_by_byte_and_bytes_too(tmp_path: Path) -> None:
    write_atomic(tmp_path / "new" / "text", "Größe\r\n")
    write_atomic(tmp_path / "bytes", b"\x00\xff")
    assert (tmp_path / "new" / "text").read_bytes() == b"Gr\xc3\xb6\xc3\x9fe\r\n"
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [letter * 300_000 for letter in "abc"]
    write_atomic(path, contents[0])
    done = threading.Event()

    def write() -> None:
        for number in range(60):
            write_atomic(path, contents[number % 3])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(path.read_text())
    writer.join()
    assert len(seen) > 1
    assert seen <= set(contents)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_after_an_error_the_old_file_is_there_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file"
    write_atomic(path, "old")

    def interrupted() -> None:
        with replace_atomic(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_the_temporary_file_is_hidden_and_keeps_the_suffix(tmp_path: Path) -> None:
    with replace_atomic(tmp_path / "a.weights.h5") as temporary:
        temporary.touch()
    assert temporary.parent == tmp_path
    assert temporary.name.startswith(".")
    assert temporary.name.endswith("a.weights.h5")


def test_a_file_that_was_not_written_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(RunDirectoryError, match=r"file: cannot be written: No such file"),
        replace_atomic(tmp_path / "file"),
    ):
        pass


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is put on disk and renamed, in order; temporary names are told by their ending."""
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        fsync(descriptor)
        done.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name.rpartition('-')[2]}")

    def renamed(path: Path, target: Path) -> Path:
        done.append(f"rename {target.name}")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    return done


def test_a_power_cut_finds_the_content_before_the_name_and_the_folder_before_its_files(
    tmp_path: Path, operations: list[str]
) -> None:
    root = tmp_path / "root"
    make_folder(root / "a" / "b")
    assert operations == ["sync a", "sync root", f"sync {tmp_path.name.rpartition('-')[2]}"]
    operations.clear()
    write_atomic(root / "c" / "file", "text")
    assert operations == ["sync root", "sync file", "rename file", "sync c"]
    operations.clear()
    write_atomic(root / "c" / "file", "text")
    assert operations == ["sync file", "rename file", "sync c"]


def test_a_folder_that_was_removed_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match="its folder is not there any more"):
        write_atomic(tmp_path / "run" / "model" / "file", "text")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named_with_the_file_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "file"
    write_atomic(path, "old")
    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(RunDirectoryError, match=r"file: cannot be written: No space left on device; make room there"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunDirectoryError, match=r"Permission denied; check the permissions"):
        write_atomic(tmp_path / "file", "text")
    tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunDirectoryError, match=r"file/inner: cannot be written"):
        write_atomic(tmp_path / "file" / "inner", "text")


def test_hdf5_is_the_same_as_written_by_h5py(tmp_path: Path) -> None:
    values = np.arange(1000.0)
    with write_hdf5(tmp_path / "file.h5") as file:
        file.create_dataset("values", data=values, compression="gzip")
        file.attrs["unit"] = "ADC"
        assert not (tmp_path / "file.h5").exists()
    with h5py.File(tmp_path / "file.h5", "r") as file:
        np.testing.assert_array_equal(file["values"], values)
        assert file.attrs["unit"] == "ADC"


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from runner.errors import RunDirectoryError
from runner.run_directory import write_hdf5

resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    with write_hdf5(Path(sys.argv[1])) as file:
        file.create_dataset("a", data=np.random.default_rng(1).random(100_000), compression="lzf")
except RunDirectoryError as error:
    print(error)
"""


def test_hdf5_that_does_not_fit_is_an_ordinary_error(tmp_path: Path) -> None:
    path = tmp_path / "file.h5"
    path.write_bytes(b"old")
    result = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{path}: cannot be written: File too large\n"
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file.h5"]


def test_a_pipe_that_a_user_names_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    with replace_output(pipe) as path:
        path.write_text("all of it")
    reader.join(10)
    assert read == ["all of it"]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_what_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "file", tmp_path / "link"
    link.symlink_to(target)
    for text in ("new", "newer"):
        with replace_output(link) as path:
            path.write_text(text)
        assert link.is_symlink()
        assert target.read_text() == text
    assert list(target.parent.iterdir()) == [target]
