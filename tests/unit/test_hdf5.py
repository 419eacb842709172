"""HDF5 files from anywhere: opened, or refused with a reason, and nothing outside them is touched."""

import os
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from runner.errors import DataError
from runner.hdf5 import Hdf5Error, judge, open_hdf5, probe, trust, vouch


def written(path: Path, fill: Callable[[h5py.File], Any] = lambda file: None) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["texts"] = ["one", "two"]
        file.create_dataset("packed", data=np.zeros((1000, 10)), compression="gzip")
        fill(file)
    return path


def refused(path: Path) -> str:
    with pytest.raises(Hdf5Error) as caught, open_hdf5(path):
        pass
    return str(caught.value)


def test_a_good_file_is_opened(tmp_path: Path) -> None:
    with open_hdf5(written(tmp_path / "good.h5")) as file:
        assert file["packed"].shape == (1000, 10)


def external(file: h5py.File) -> None:
    file.create_dataset("data", (8,), "f4", external=[("outside", 0, 32)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((8,), np.float32)
    layout[:] = h5py.VirtualSource("outside", "data", (8,))
    file.create_virtual_dataset("data", layout)


def huge_attribute(file: h5py.File) -> None:
    file.create_group("deep", track_order=True).attrs.create("much", np.zeros(2**22 + 1), dtype="f4")


def tiny_chunks(file: h5py.File) -> None:
    file.create_dataset("tiny", (2**20 + 1,), "i1", chunks=(1,))[:1100] = 1


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (external, "'data' lies in another file, which is not opened"),
        (virtual, "'data' lies in another file, which is not opened"),
        (lambda file: file.__setitem__("link", h5py.ExternalLink("outside", "/data")), "'link' is a link to elsewhere"),
        (lambda file: file.__setitem__("a/link", h5py.SoftLink("/packed")), "'a/link' is a link to elsewhere"),
        (lambda file: file.__setitem__("again", file["packed"]), "stands in it twice"),
        (lambda file: file.__setitem__("loop", file["/"]), "stands in it twice"),
        (lambda file: file.create_dataset("never", (2**40,)), "'never' claims 4398046511104 bytes, which are not in a"),
        (lambda file: file.create_dataset("some", (2**40,), chunks=(9,)).__setitem__(0, 1), "'some' claims 43980465"),
        (tiny_chunks, r"'tiny' is cut into chunks of \(1,\); store some whole rows in each"),
        (huge_attribute, "the attribute 'much' claims 16777220 bytes; at most 16777216 are read"),
    ],
)
def test_what_is_refused(tmp_path: Path, fill: Callable[[h5py.File], Any], message: str) -> None:
    os.mkfifo(tmp_path / "outside")  # whoever opened it would wait for somebody to write
    path = written(tmp_path / "bad.h5", fill)
    with pytest.raises(Hdf5Error, match=message), open_hdf5(path):
        pass


def test_what_is_no_hdf5_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text").write_text("text")
    assert refused(tmp_path) == refused(tmp_path / "pipe") == "is not a file"
    assert refused(tmp_path / "text") == "is no HDF5 file"
    with pytest.raises(FileNotFoundError), open_hdf5(tmp_path / "absent"):
        pass


def test_texts_that_all_lie_in_one_place_do_not_fill_the_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "bad.h5", lambda file: file.attrs.create("many", ["x" * 2**23, *"y" * 2000]))
    content = path.read_bytes()
    first = content.index(struct.pack("<I", 2**23))  # length, address and number of a text
    path.write_bytes(content[: first + 16] + content[first : first + 16] * 2000 + content[first + 16 * 2001 :])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**18  # KiB


def test_more_than_may_be_read_at_once(tmp_path: Path) -> None:
    path = written(tmp_path / "large.h5")
    with pytest.raises(Hdf5Error, match="claims 0 GiB; at most 0 GiB are read"), open_hdf5(path, most_bytes=79_999):
        pass
    with open_hdf5(path, most_bytes=80_000), open_hdf5(path, most_bytes=None):
        pass


@pytest.mark.parametrize("rows", [1, 10, 999, 5000])
def test_every_chunk_is_read_once(tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "PART", 4000)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("a", data=np.zeros((5000, 3)), chunks=(rows, 2))
        at_once = probe.rows_at_once(data)
        assert at_once % rows == 0
        assert at_once in (rows, 4000 // 24 // rows * rows)


def test_whatever_fails_inside_is_the_files_fault(tmp_path: Path) -> None:
    path = written(tmp_path / "good.h5")
    for wrong in (KeyError("absent"), ValueError("no\nlines \x1b[1m"), ZeroDivisionError(), MemoryError("x" * 9999)):
        with pytest.raises(Hdf5Error) as caught, open_hdf5(path):
            raise wrong
        assert str(caught.value).isprintable()
        assert 0 < len(str(caught.value)) < 400
    for passing in (DataError("mine"), KeyboardInterrupt()):
        with pytest.raises(type(passing)), open_hdf5(path):
            raise passing


def test_a_file_that_ends_the_process_is_refused_and_the_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [written(tmp_path / f"{number}.h5") for number in range(4)]
    script = tmp_path / "probe.py"
    crash = "import os, sys\nopen_file = Probe.__init__\n\ndef crashing(self, path, seconds):\n"
    crash += (
        "    os.abort() if path.endswith('2.h5') else open_file(self, path, seconds)\n\nProbe.__init__ = crashing\n"
    )
    text = Path(probe.__file__).read_text()
    script.write_text(text.replace("if __name__", crash + "if __name__"))
    monkeypatch.setattr(trust, "_PROBE", script)
    complaints = [verdict.complaint for verdict in judge(paths).values()]
    assert complaints == ["", "", "the HDF5 library cannot read it to its end", ""]


def test_a_file_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "SECONDS", 1e-6)
    assert refused(written(tmp_path / "slow.h5")) == "the HDF5 library cannot read it to its end"


def test_many_files_cost_one_process_and_known_ones_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: started.append(args) or run(*args, **options))
    paths = [written(tmp_path / f"{number}.h5") for number in range(5)]
    vouch(paths[0])
    judge(paths[:1])
    assert len(started) == 0
    judge([*paths, tmp_path / "absent"])
    assert len(started) == 1
    for path in paths:
        with open_hdf5(path):
            pass
    assert len(started) == 1
    written(paths[0], lambda file: file.create_group("another"))
    with open_hdf5(paths[0]):
        pass
    assert len(started) == 2


def test_the_library_is_found_where_this_process_finds_it(tmp_path: Path, root: Path) -> None:
    """Experiments share Python packages through PYTHONPATH, which the process that tries a file must see too."""
    path = written(tmp_path / "good.h5")
    code = "import sys, pathlib; from runner.hdf5 import judge; print(judge([pathlib.Path(sys.argv[1])]))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *filter(None, sys.path)])}
    interpreter = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    done = subprocess.run([interpreter, "-c", code, path], env=environment, capture_output=True, text=True)
    assert "complaint=''" in done.stdout, done.stderr
