"""The schema accepts what the runner accepts, and tells an editor what it does not."""

from typing import Any

import jsonschema
import pytest

from runner.plugin_manager import load_plugins
from runner.schema import experiment_schema

GOOD: dict[str, Any] = {
    "name": "good",
    "dataset": {"name": "tpc_simulation", "events": 10},
    "transform": "log_amplitude",
    "networks": {"generator": "physgan:physgan_unparameterized", "critic": {"name": "physgan_maxpool"}},
    "strategy": {"name": "adversarial", "critic_steps": 2},
    "losses": {"adversarial": "wasserstein"},
    "optimizers": {"generator": "adam", "critic": {"name": "sgd", "decay": {"rate": 0.5, "every": 3}}},
    "training": {"steps": 3},
    "evaluation": {"metrics": ["cluster_shape", {"name": "cluster_shape", "representations": ["log"]}]},
    "callbacks": ["tensorboard"],
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    made = experiment_schema(load_plugins().registry)
    jsonschema.Draft202012Validator.check_schema(made)
    return made


@pytest.mark.parametrize(
    "tree",
    [
        GOOD,
        {"extends": "other.yaml", "name": "child"},
        {"extends": "other.yaml", "dataset": {"events": 5}, "optimizers": {"critic": {"learning_rate": 1.0}}},
        {"extends": "other.yaml", "losses": {"penalty": {"weight": 3}}},
    ],
)
def test_a_valid_file_is_accepted(schema: dict[str, Any], tree: dict[str, Any]) -> None:
    jsonschema.validate(tree, schema)


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "tpc_simulatoin"},
        {"networks": {"generator": "log_amplitude"}},
        {"strategy": {"name": "adversarial", "critic_step": 2}},
        {"strategy": {"name": "adversarial", "critic_steps": 0}},
        {"optimizers": {"generator": "adma"}},
        {"optimizers": {"generator": {"name": "adam", "learning_rate": -1}}},
        {"training": {"steps": "many"}},
        {"training": {"stepz": 3}},
        {"evaluation": {"metrics": ["nothing"]}},
        {"device": "tpu"},
        {"sed": 3},
    ],
)
def test_a_mistake_is_seen(schema: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**GOOD, **change}, schema)


def test_every_parameter_has_a_description(schema: dict[str, Any]) -> None:
    for name, definition in schema["$defs"].items():
        for key, field in definition.get("properties", {}).items():
            assert key == "name" or "description" in field or "$ref" in field, f"{name}.{key}"
