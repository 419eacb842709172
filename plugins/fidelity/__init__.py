"""How far generated responses are from real ones: complementary metrics, one file each."""

from __future__ import annotations

from plugins.fidelity.classifier_test import ClassifierTest
from plugins.fidelity.correlations import Correlations
from plugins.fidelity.coverage import Coverage
from plugins.fidelity.fastsim_chi2 import FastsimChi2
from plugins.fidelity.frechet import Frechet
from plugins.fidelity.kernel_distance import KernelDistance
from plugins.fidelity.kolmogorov_smirnov import KolmogorovSmirnov
from plugins.fidelity.memorisation import Memorisation
from plugins.fidelity.profiles import Profiles
from plugins.fidelity.separation import Separation
from plugins.fidelity.speed import Speed
from plugins.fidelity.validity import Validity
from plugins.fidelity.wasserstein import Wasserstein
from runner.api import Metric, hookimpl


@hookimpl
def runner_metrics() -> list[Metric]:
    """The metrics of this plugin."""
    return [
        Profiles(),
        FastsimChi2(),
        Frechet(),
        KernelDistance(),
        ClassifierTest(),
        KolmogorovSmirnov(),
        Separation(),
        Wasserstein(),
        Coverage(),
        Correlations(),
        Memorisation(),
        Validity(),
        Speed(),
    ]
