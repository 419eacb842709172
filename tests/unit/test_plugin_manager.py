import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from runner import plugin_manager
from runner.errors import PluginError
from runner.plugin_manager import Plugins, load_plugins

METRIC = '''
from runner.api import Measurement, Metric, Score, hookimpl

class {cls}(Metric):
    """A metric."""
    name = "{name}"
    unit = "1"
    better = "lower"
    def measure(self, params, real, generated, rng):
        return Measurement({{"value": Score(1.0)}})

@hookimpl
def runner_metrics():
    return [{cls}()]
'''


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.py"
    path.write_text(text)
    return path


def metric_names(plugins: Plugins) -> list[str]:
    return [entry.component.name for entry in plugins.registry.all("metric")]


def test_bundled_plugins_are_found_without_a_list(root: Path) -> None:
    folders = {p.parent.name for p in (root / "plugins").glob("*/__init__.py") if not p.parent.name.startswith("_")}
    loaded = load_plugins().loaded
    assert {plugin.name for plugin in loaded if plugin.source == "bundled"} == folders
    physgan = next(plugin for plugin in loaded if plugin.name == "physgan")
    assert {path.name for path in physgan.files} == {"__init__.py", "critics.py", "generators.py", "layering.py"}


def test_a_file_adds_a_plugin(tmp_path: Path) -> None:
    file = write(tmp_path, "charge", METRIC.format(cls="Charge", name="charge"))
    plugins = load_plugins(files=[file, file])
    entry = plugins.registry.get("metric", "charge:charge")
    assert (entry.plugin, entry.source) == ("charge", "file")
    assert plugins.loaded[-1].files == (file,)


def test_a_module_adds_a_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a_plugin_module", METRIC.format(cls="Charge", name="charge"))
    monkeypatch.syspath_prepend(tmp_path)
    plugins = load_plugins(modules=["a_plugin_module", "a_plugin_module"])
    assert metric_names(plugins).count("charge") == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("def f(:\n", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("x = 1\n", "it declares no component"),
        (METRIC.format(cls="Charge", name="charge").replace("runner_metrics", "runner_metricz"), "runner_metricz"),
        (METRIC.format(cls="Charge", name="Charge"), "snake_case"),
        (
            METRIC.format(cls="Charge", name="charge").replace("[Charge()]", "[Charge]"),
            "returned the class Charge",
        ),
        (METRIC.format(cls="Charge", name="charge").replace("[Charge()]", "None"), "not a list of Metric"),
        (
            METRIC.format(cls="Charge", name="charge").replace("runner_metrics", "runner_losses"),
            "instances of Loss",
        ),
        (METRIC.format(cls="Charge", name="charge").replace("return [Charge()]", "1 / 0"), "ZeroDivisionError"),
    ],
)
def test_a_broken_file_that_was_asked_for_is_an_error_with_its_reason(tmp_path: Path, text: str, reason: str) -> None:
    file = write(tmp_path, "broken", text)
    with pytest.raises(PluginError) as caught:
        load_plugins(files=[file])
    first_line = str(caught.value).splitlines()[0]
    assert first_line.startswith("plugin broken (file) cannot be loaded: ")
    assert reason in first_line
    load_plugins()  # nothing of it stays


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no such file"):
        load_plugins(files=[tmp_path / "absent.py"])


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    files = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        files.append(write(tmp_path / folder, "charge", METRIC.format(cls="Charge", name="charge")))
    with pytest.raises(PluginError, match=r"two plugin files are called charge.py"):
        load_plugins(files=files)


def entry_points(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    found = [EntryPoint(name, value, "runner.plugins") for name, value in points]
    monkeypatch.setattr(plugin_manager, "entry_points", lambda group: found)


def test_a_broken_package_does_not_break_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "good_package", METRIC.format(cls="Charge", name="charge"))
    write(tmp_path, "bad_package", "raise RuntimeError('half installed')")
    monkeypatch.syspath_prepend(tmp_path)
    entry_points(monkeypatch, ("bad", "bad_package"), ("good", "good_package"))
    plugins = load_plugins()
    assert "charge" in metric_names(plugins)
    (broken,) = plugins.broken
    assert (broken.name, broken.source, broken.reason) == ("bad", "entry point", "RuntimeError: half installed")
    assert "bad_package.py" in broken.traceback


def test_two_packages_with_the_same_entry_point_name_are_both_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        write(tmp_path, f"package_{name}", METRIC.format(cls="Charge", name=f"charge_{name}"))
    monkeypatch.syspath_prepend(tmp_path)
    entry_points(monkeypatch, ("charge", "package_one"), ("charge", "package_two"))
    plugins = load_plugins()
    assert {"charge_one", "charge_two"} <= set(metric_names(plugins))
    assert not plugins.broken


def test_a_broken_bundled_plugin_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plugins.physgan", None)  # import raises ImportError
    with pytest.raises(PluginError, match=r"plugin physgan \(bundled\) cannot be loaded"):
        load_plugins()


def test_another_package_called_plugins_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "plugins"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(PluginError, match="move the other package of that name out of the way"):
        load_plugins()
