"""Fixtures shared by all tests."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest

if "RUNNER_CACHE" not in os.environ:  # set by the first process, inherited by those it starts
    os.environ["RUNNER_CACHE"] = tempfile.mkdtemp(prefix="runner-cache-")
    atexit.register(shutil.rmtree, os.environ["RUNNER_CACHE"], ignore_errors=True)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def mpd_data() -> Path:
    """Folder with real MPD responses: RUNNER_DATA, or shared/data beside the checkout."""
    folder = Path(os.environ.get("RUNNER_DATA") or ROOT.parent / "shared" / "data").resolve()
    if not (folder / "mpd" / "digits_unconditional.csv").is_file():
        reason = f"no real responses: {folder}/mpd/digits_unconditional.csv is missing; set RUNNER_DATA"
        if os.environ.get("RUNNER_REQUIRE_DATA"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
