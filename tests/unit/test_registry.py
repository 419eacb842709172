import pytest

from runner.api import Measurement, Metric, Score
from runner.registry import AmbiguousComponent, Entry, Registry, UnknownComponent


def metric(name: str) -> Metric:
    def measure(self, params, real, generated, rng):
        return Measurement({"value": Score(1.0)})

    body = {"name": name, "unit": "1", "better": "lower", "measure": measure, "__doc__": "A metric."}
    return type("Some", (Metric,), body)()


def test_a_component_is_found_by_name_and_by_plugin_and_name() -> None:
    registry = Registry([Entry(metric("charge"), "mine", "file")])
    assert registry.get("metric", "charge") is registry.get("metric", "mine:charge")


def test_two_of_one_name_are_an_error_that_names_both_plugins() -> None:
    registry = Registry([Entry(metric("charge"), "a", "file"), Entry(metric("charge"), "b", "entry point")])
    with pytest.raises(AmbiguousComponent, match=r"plugins a and b each .*'a:charge' or 'b:charge'"):
        registry.get("metric", "charge")
    assert registry.get("metric", "b:charge").plugin == "b"


def test_an_unknown_name_suggests_the_nearest() -> None:
    registry = Registry([Entry(metric("cluster_shape"), "a", "bundled"), Entry(metric("speed"), "a", "bundled")])
    with pytest.raises(UnknownComponent, match="did you mean 'cluster_shape'"):
        registry.get("metric", "cluster_shap")
    with pytest.raises(UnknownComponent, match="known: cluster_shape, speed"):
        registry.get("metric", "zzz")
    with pytest.raises(UnknownComponent, match="no plugin declares one"):
        registry.get("dataset", "zzz")


def test_components_are_listed_by_kind_and_name() -> None:
    names = [
        entry.component.name
        for entry in Registry([Entry(metric(name), "a", "bundled") for name in ("b", "c", "a")]).all("metric")
    ]
    assert names == ["a", "b", "c"]
