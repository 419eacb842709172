"""Every bundled component keeps the promises the runner relies on, without being listed here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runner import testing
from runner.api import DataInfo
from runner.plugin_manager import load_plugins
from runner.registry import Entry
from runner.testing import check_component

CHARGE = Path(__file__).resolve().parents[2] / "examples" / "charge" / "charge.py"
ENTRIES = load_plugins(files=[CHARGE]).registry.all()
UNCONDITIONAL = DataInfo(testing.INFO.axes, testing.INFO.quantity, testing.INFO.unit, testing.INFO.threshold)
CSV = "evtId,ipad,itime,amp\n" + "".join(
    f"{event},{40 + event % 7},{268 + event % 5},{10.5 + event}\n" for event in range(20)
)


@pytest.fixture(scope="module")
def saved_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator of the check's responses in a Keras HDF5 file."""
    from runner.backend import keras, keras_h5

    path = tmp_path_factory.mktemp("saved") / "network.h5"
    layers = [keras.Input((16,)), keras.layers.Dense(64), keras.layers.Reshape((8, 8))]
    keras_h5.save_network(path, keras.Sequential(layers))
    return path


@pytest.fixture
def params(tmp_path: Path, saved_network: Path) -> Mapping[str, Mapping[str, Any]]:
    """Parameters of components that have no sensible default, or a large one."""
    file = tmp_path / "digits.csv"
    file.write_text(CSV)
    return {
        "tpc_digits": {"path": str(file)},
        "tpc_simulation": {"events": 200, "crossing_angle": [0.0, 15.0]},
        "keras_generator": {"path": str(saved_network)},
    }


@pytest.mark.training
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.component.kind}-{entry.component.name}")
def test_contract(entry: Entry, params: Mapping[str, Mapping[str, Any]]) -> None:
    name = entry.component.name
    check_component(entry.component, params.get(name))
    if entry.component.kind == "architecture":
        check_component(entry.component, params.get(name), UNCONDITIONAL)
