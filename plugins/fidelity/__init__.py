"""How far generated responses are from real ones: complementary metrics, one file each."""

from __future__ import annotations

from plugins.fidelity.kolmogorov_smirnov import KolmogorovSmirnov
from runner.api import Metric, hookimpl


@hookimpl
def runner_metrics() -> list[Metric]:
    """The metrics of this plugin."""
    return [KolmogorovSmirnov()]
