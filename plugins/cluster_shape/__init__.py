"""Position, size and width of ionisation clusters, real against generated."""

from __future__ import annotations

from typing import Literal

import numpy as np

from runner.api import Field, Measurement, Metric, Params, Sample, hookimpl

PHYSGAN = "PhysGAN (2020), https://github.com/prutianova-nastia/PhysGAN"


class ClusterShape(Metric):
    r"""The seven PhysGAN measures of a response: means, standard deviations and Kolmogorov-Smirnov distances.

    With pixel weights $p = w / \sum w$ of a response on pads i and time bins j: the centres <i> and <j>, the largest
    and the mean weight, the widths (weighted standard deviations of i and of j) and PhysGAN's "covariance", the
    weighted standard deviation of (i - <i>)(j - <j>). The weights w are amplitudes or their logarithms. Where the data
    have conditions, the correlation of each with each measure follows. The headline is the largest Kolmogorov-Smirnov
    distance of the seven in the representation listed first.
    """

    name = "cluster_shape"
    unit = "1"
    better = "lower"
    version = 2
    headline = "largest_ks"
    reference = PHYSGAN

    class Params(Params):
        """Which weights the measures are computed with."""

        representations: tuple[Literal["log", "linear"], ...] = Field(
            ("log", "linear"),
            min_length=1,
            description="log: ln amplitude of hits; linear: amplitude; empty pixels weigh 0 in both",
        )

    def measure(
        self, params: ClusterShape.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """Scores of the seven measures in each representation.

        Raises:
            DataError: Where responses are not images, or an amplitude or its logarithm is negative.
        """
        from plugins.cluster_shape.scoring import score

        return score(params.representations, real, generated, rng)


class PhysganClusterShape(Metric):
    r"""The seven measures as PhysGAN's notebooks had them, for comparison with its published numbers.

    Training and test events together, the first $n$ of both samples, $D \sqrt{n/2}$, PhysGAN's "standard error"
    $\sqrt s / \sqrt n$ beside the right one, and empty pixels of amplitude 1 in linear amplitude. The headline is the
    largest Kolmogorov-Smirnov distance in log amplitude. To judge a model, use `cluster_shape`.
    """

    name = "physgan_cluster_shape"
    unit = "1"
    better = "lower"
    version = 1
    headline = "largest_ks"
    judged_on = "all"
    reference = PHYSGAN

    def measure(self, params: Params, real: Sample, generated: Sample, rng: np.random.Generator) -> Measurement:
        """Scores of the seven measures in log and in PhysGAN's linear amplitude.

        Raises:
            DataError: Where responses are not images, or an amplitude or its logarithm is negative.
        """
        from plugins.cluster_shape.notebooks import score

        return score(real, generated, rng)


@hookimpl
def runner_metrics() -> list[Metric]:
    """The metrics of this plugin."""
    return [ClusterShape(), PhysganClusterShape()]
