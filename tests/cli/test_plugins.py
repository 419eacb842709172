import json
from pathlib import Path

from click.testing import CliRunner, Result

from runner.cli import group

CHARGE = Path(__file__).resolve().parents[2] / "examples" / "charge" / "charge.py"


def invoke(*arguments: str) -> Result:
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == 0, result.output
    return result


def test_list_shows_every_component_with_help_and_reference() -> None:
    listed = json.loads(invoke("plugins", "list", "--format", "json").stdout)["components"]
    names = {(entry["kind"], entry["name"], entry["plugin"]) for entry in listed}
    assert {
        ("dataset", "tpc_digits", "tpc_digits"),
        ("dataset", "tpc_simulation", "tpc_simulation"),
        ("transform", "log_amplitude", "amplitude_transforms"),
        ("architecture", "physgan_unparameterized", "physgan"),
        ("architecture", "physgan_upsampling", "physgan"),
        ("architecture", "physgan_discriminator", "physgan"),
        ("architecture", "physgan_maxpool", "physgan"),
        ("strategy", "adversarial", "adversarial"),
        ("loss", "wasserstein", "adversarial"),
        ("loss", "gradient_penalty", "adversarial"),
        ("metric", "cluster_shape", "cluster_shape"),
        ("callback", "tensorboard", "tensorboard"),
    } <= names
    assert all(entry["help"].endswith(".") for entry in listed)
    assert "arXiv:1701.07875" in invoke("plugins", "list", "--format", "md").stdout


def test_list_takes_one_kind_and_plugin_files() -> None:
    listed = json.loads(
        invoke("plugins", "list", "--kind", "metric", "--plugin", str(CHARGE), "--format", "json").stdout
    )
    assert {entry["kind"] for entry in listed["components"]} == {"metric"}
    assert {entry["name"] for entry in listed["components"]} >= {
        "cluster_shape",
        "mean_charge",
        "physgan_cluster_shape",
    }
    assert listed["broken"] == []


def test_describe_shows_type_default_range_and_help() -> None:
    text = invoke("plugins", "describe", "gradient_penalty").stdout
    assert "loss gradient_penalty (plugin adversarial, bundled)" in text
    for part in ("weight", "number", "10.0", ">= 0", "factor of the penalty", "arXiv:1704.00028"):
        assert part in text


def test_describe_shows_nested_parameters() -> None:
    text = invoke("plugins", "describe", "tpc_digits").stdout
    assert "conditions.N.name" in text
    assert "required" in text


def test_describe_as_json() -> None:
    (found,) = json.loads(invoke("plugins", "describe", "cluster_shape", "--format", "json").stdout)
    assert found["unit"] == "1"
    assert "representations" in found["parameters"]["properties"]
