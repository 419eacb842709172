import copy
import sys
from pathlib import Path
from typing import Any

import pytest

from runner import config
from runner.errors import DataError, ExperimentError, PluginError
from runner.plan import Plan, make_plan

EXPERIMENT: dict[str, Any] = {
    "name": "test",
    "seed": 1,
    "dataset": {"name": "tpc_simulation", "events": 100, "crossing_angle": [0.0, 15.0]},
    "transform": "log_amplitude",
    "networks": {"generator": "physgan_unparameterized", "critic": "physgan_maxpool"},
    "strategy": "adversarial",
    "losses": {"adversarial": "wasserstein", "penalty": {"name": "gradient_penalty", "weight": 5}},
    "optimizers": {"generator": "adam", "critic": {"name": "rmsprop", "learning_rate": 3e-4}},
    "training": {"steps": 10},
    "evaluation": {"metrics": ["cluster_shape"]},
}


def changed(**changes: Any) -> dict[str, Any]:
    """The experiment with values at dotted keys (``__`` for the dot); None removes a key."""
    tree = copy.deepcopy(EXPERIMENT)
    for key, value in changes.items():
        *path, last = key.split("__")
        node = tree
        for part in path:
            node = node[part]
        if value is None:
            del node[last]
        else:
            node[last] = value
    return tree


def plan_of(tree: dict[str, Any], folder: Path, **options: Any) -> Plan:
    file = folder / "experiment.yaml"
    file.write_text(config.dump(tree))
    return make_plan(config.read(file), **options)


def mistakes(tree: dict[str, Any], folder: Path) -> list[tuple[str, str, str]]:
    """Key, message and suggestion of every problem."""
    with pytest.raises(ExperimentError) as caught:
        plan_of(tree, folder)
    return [(problem.key, problem.message, problem.suggestion) for problem in caught.value.problems]


def test_a_valid_experiment_is_resolved_completely(tmp_path: Path) -> None:
    plan = plan_of(EXPERIMENT, tmp_path)
    assert plan.data.shape == (8, 8)
    assert [condition.name for condition in plan.data.conditions] == ["crossing_angle"]
    assert plan.signatures["generator"].inputs == {"latent": (31,), "conditions": (1,)}
    assert plan.losses["penalty"].params.model_dump() == {"weight": 5.0, "one_sided": False}
    resolved = plan.resolved()
    assert resolved["networks"]["generator"] == {"name": "physgan_unparameterized", "latent_dim": 32}
    assert resolved["optimizers"]["generator"]["beta_2"] == 0.999
    assert resolved["split"] == {"train": 0.8, "validation": 0.0, "test": 0.2}


def test_the_resolved_experiment_is_the_same_experiment(tmp_path: Path) -> None:
    first = plan_of(EXPERIMENT, tmp_path).resolved()
    assert plan_of(first, tmp_path).resolved() == first


def test_planning_does_not_load_tensorflow(tmp_path: Path) -> None:
    before = set(sys.modules)
    plan_of(EXPERIMENT, tmp_path)
    assert not {"tensorflow", "keras"} & (set(sys.modules) - before)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"dataset": "tpc_simulatoin"}, ("dataset", "no dataset called 'tpc_simulatoin'", "'tpc_simulation'")),
        (
            {"networks__generator": "physgan_maxpool"},
            ("networks.generator", "is a critic, not a generator", "physgan_unparameterized"),
        ),
        ({"networks__critic": None}, ("networks.critic", "this key is missing: the strategy needs it", "")),
        (
            {"networks__critc": "physgan_maxpool"},
            ("networks.critc", "has no role 'critc'", "did you mean 'critic'?"),
        ),
        ({"losses__adversarial": None}, ("losses.adversarial", "this key is missing", "")),
        (
            {"losses__penalty": "wasserstein"},
            ("losses.penalty", "goes into the slot 'adversarial'", "gradient_penalty"),
        ),
        ({"losses__other": "wasserstein"}, ("losses.other", "has no slot 'other'", "known: adversarial, penalty")),
        ({"optimizers__critic": None}, ("optimizers.critic", "this key is missing", "")),
        ({"optimizers__critic__name": "rmspro"}, ("optimizers.critic", "no optimizer called", "'rmsprop'")),
        (
            {"optimizers__critic__learning_rat": 1.0},
            ("optimizers.critic.learning_rat", "unknown key", "'learning_rate'"),
        ),
        ({"training__steps": "many"}, ("training.steps", 'expected an integer, found "many"', "")),
        ({"training__steps": "10"}, ("training.steps", "expected an integer", "leave out the quotes")),
        ({"training__steps": 0}, ("training.steps", "greater than or equal to 1, found 0", "")),
        ({"training__steps": None}, ("training.steps", "this key is missing", "")),
        ({"training__step": 5}, ("training.step", "unknown key", "did you mean 'steps'?")),
        (
            {"networks__generator": {"name": "physgan_unparameterized", "latent": 3}},
            ("networks.generator.latent", "unknown key", "'latent_dim'"),
        ),
        (
            {"networks__generator": {"name": "physgan_unparameterized", "latent_dim": 1}},
            ("networks.generator", "at least 2", ""),
        ),
        ({"losses__penalty__weight": -1}, ("losses.penalty.weight", "greater than or equal to 0, found -1", "")),
        (
            {"networks__critic": {"name": "physgan_discriminator", "conditions": "pixel"}},
            ("networks.critic.conditions", "expected 'features', 'channels' or 'pixels', found \"pixel\"", "'pixels'"),
        ),
        ({"optimizers__critic": {"name": "adma"}}, ("optimizers.critic", "no optimizer called", "'adam'")),
        (
            {"optimizers__critic__decay": {"rate": 0.9, "every": 1, "unit": "epoch"}},
            ("optimizers.critic.decay.unit", "expected 'steps' or 'epochs'", "'epochs'"),
        ),
        (
            {"training__precision": "float16"},
            ("training.precision", "expected 'float32', 'mixed_bfloat16' or 'mixed_float16'", ""),
        ),
        ({"gpu_memory": 0}, ("gpu_memory", "greater than or equal to 1, found 0", "")),
        ({"split": {"train": 0.5, "test": 0.2}}, ("split", "add up to 0.7, not to 1", "")),
        ({"evaluation__metrics": ["cluster_shape", "cluster_shape"]}, ("evaluation.metrics.1", "listed twice", "")),
        ({"evaluation__metrics": ["clustershape"]}, ("evaluation.metrics.0", "no metric called", "'cluster_shape'")),
        ({"device": "gpu:x"}, ("device", "expected auto, cpu, gpu or gpu:N", "")),
        ({"name": "a/b"}, ("name", "letters, digits", "")),
        ({"dataset": 3}, ("dataset", "expected a mapping, found 3", "")),
        ({"dataset": {"events": 5}}, ("dataset.name", "this key is missing", "")),
        ({"callbacks": "tensorboard"}, ("callbacks", "expected a list", "")),
        ({"transform": None}, ("transform", "this key is missing", "")),
        ({"plugins": ["../outside.py"]}, ("plugins.0", "leaves the experiment's folder", "--plugin FILE")),
        ({"plugins": ["absent.py"]}, ("plugins.0", "no such file", "")),
    ],
)
def test_a_mistake_is_told_with_its_key_and_what_to_do(
    tmp_path: Path, changes: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    key, message, suggestion = expected
    found = mistakes(changed(**changes), tmp_path)
    assert any(key == k and message in m and suggestion in s for k, m, s in found), found
    assert len(found) == 1 or "networks.critc" in expected, found


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../../x", "leaves the experiment's folder"),
        ("/etc/x.py", "leaves the experiment's folder"),
        ("a\0.py", "a file's name has no NUL"),
        ("x" * 5000 + ".py", "no such file"),
        ("os:system", "'os:system' is no module"),
        ("os.system('true')", "is no module"),
        ("", "'' is no module"),
        (".relative", "'.relative' is no module"),
        ("__main__", "'__main__' is no module"),
        ("pip.__main__", "'pip.__main__' is no module"),
        ("antigravity", "antigravity is a part of Python, not a plugin"),
        ("idlelib.idle", "idlelib.idle is a part of Python, not a plugin"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_no_plugin_is_not_imported(tmp_path: Path, name: str, message: str) -> None:
    ((key, found, _),) = mistakes(changed(plugins=[name]), tmp_path)
    assert key == "plugins.0"
    assert message in found


@pytest.mark.parametrize("name", ["../../x", "os:system", "__class__", "cluster_shape:__class__", "\0", "x" * 10**5])
def test_a_component_is_only_looked_up(tmp_path: Path, name: str) -> None:
    tree = changed(dataset=name, transform={"name": name}, networks__critic=name, evaluation__metrics=[name])
    keys = [key for key, message, _ in mistakes(tree, tmp_path) if "there is no" in message]
    assert sorted(keys) == ["dataset", "evaluation.metrics.0", "networks.critic", "transform.name"]


def test_networks_that_do_not_fit_the_data_are_refused_with_both_shapes(tmp_path: Path) -> None:
    found = mistakes(changed(dataset={"name": "tpc_simulation", "events": 10, "pads": 9}), tmp_path)
    assert [key for key, _, _ in found] == ["networks.generator", "networks.critic"]
    assert all("(8, 8)" in message and "(9, 8)" in message for _, message, _ in found)


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    tree = changed(dataset="tpc_simulatoin", training__steps="x", evaluation__metrics=["zzz"], sed=3)
    keys = [key for key, _, _ in mistakes(tree, tmp_path)]
    assert keys == ["dataset", "training.steps", "evaluation.metrics.0", "sed"]


def test_a_missing_data_file_is_a_problem_of_the_data(tmp_path: Path) -> None:
    tree = changed(dataset={"name": "tpc_digits", "path": "absent.csv"}, networks__critic="physgan_discriminator")
    with pytest.raises(ExperimentError, match=r"absent\.csv") as caught:
        plan_of(tree, tmp_path)
    assert caught.value.exit_code == 4
    assert plan_of(tree, tmp_path, data_must_exist=False).dataset.name == "tpc_digits"
    tree["training"]["steps"] = 0
    with pytest.raises(ExperimentError) as caught:
        plan_of(tree, tmp_path)
    assert caught.value.exit_code == 2


def test_data_are_looked_up_beside_the_file_and_then_in_runner_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, here = tmp_path / "data", tmp_path / "here"
    for folder in (data, here):
        folder.mkdir()
    (data / "digits.csv").write_text("evtId,ipad,itime,amp\n")
    monkeypatch.setenv("RUNNER_DATA", str(data))
    tree = changed(dataset={"name": "tpc_digits", "path": "digits.csv"}, networks__critic="physgan_discriminator")
    assert plan_of(tree, here).resolved()["dataset"]["path"] == str(data / "digits.csv")
    (here / "digits.csv").write_text("evtId,ipad,itime,amp\n")
    assert plan_of(tree, here).resolved()["dataset"]["path"] == str(here / "digits.csv")


PLUGIN = '''
from runner.api import Architecture, Signature, hookimpl

class Odd(Architecture):
    """An odd network."""
    name = "odd"
    role = "generator"
    def signature(self, params, data):
        {body}
    def build(self, params, data):
        raise AssertionError("never built")

@hookimpl
def runner_architectures():
    return [Odd()]
'''


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            'return Signature({"latent": (3,), "conditions": (1,)}, (9, 9))',
            r"makes responses of shape \(9, 9\), but the data's are \(8, 8\)",
        ),
        (
            'return Signature({"latent": (3,)}, (8, 8))',
            "does not take the input 'conditions', which adversarial feeds to its generator",
        ),
        (
            'return Signature({"latent": (3,), "conditions": (2,)}, (8, 8))',
            r"takes conditions of shape \(2,\), but the data's are \(1,\)",
        ),
        (
            'return Signature({"latent": (3,), "conditions": (1,), "mass": (1,)}, (8, 8))',
            "takes the input 'mass', but adversarial does not feed it",
        ),
    ],
)
def test_networks_that_do_not_fit_are_refused_with_both_shapes(tmp_path: Path, body: str, message: str) -> None:
    (tmp_path / "odd.py").write_text(PLUGIN.format(body=body))
    tree = changed(plugins=["odd.py"], networks__generator="odd")
    with pytest.raises(ExperimentError, match=message):
        plan_of(tree, tmp_path)


def test_a_failing_component_is_a_fault_of_its_plugin(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(PLUGIN.format(body="return 1 / 0"))
    tree = changed(plugins=["odd.py"], networks__generator="odd")
    with pytest.raises(PluginError, match="architecture odd of plugin odd: checking it failed: ZeroDivisionError"):
        plan_of(tree, tmp_path)


def test_a_plugin_file_of_the_command_line_is_kept_with_the_run(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    file = outside / "odd.py"
    file.write_text(PLUGIN.format(body='return Signature({"latent": (3,), "conditions": (1,)}, (8, 8))'))
    plan = plan_of(changed(networks__generator="odd"), tmp_path, plugin_files=[file])
    assert plan.resolved()["plugins"] == ["plugins/odd.py"]
    assert [plugin.name for plugin in plan.plugins_used() if plugin.source == "file"] == ["odd"]


def test_a_component_that_needs_a_module_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runner.plan import choosing

    monkeypatch.setattr(choosing, "load_plugins", _loaded(choosing.load_plugins()))
    monkeypatch.setattr(choosing.importlib.util, "find_spec", lambda name: None)
    found = mistakes(changed(callbacks=["tensorboard"]), tmp_path)
    assert found == [
        (
            "callbacks.0",
            "tensorboard needs tensorboard, which is not installed",
            "pip install 'tpc-runner[tensorboard]'",
        )
    ]


def _loaded(plugins: Any) -> Any:
    return lambda **options: plugins


def test_whatever_a_component_does_wrong_is_blamed_on_it_but_not_the_runners_own_errors(tmp_path: Path) -> None:
    choice = plan_of(EXPERIMENT, tmp_path).transform
    with (
        pytest.raises(
            PluginError, match=r"transform log_amplitude of plugin amplitude_transforms: fit failed: KeyError"
        ),
        choice.blamed("fit"),
    ):
        raise KeyError("x")
    with pytest.raises(DataError, match=r"^mine$"), choice.blamed("fit"):
        raise DataError("mine")
