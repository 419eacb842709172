"""Whether a classifier can tell generated responses from real ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from plugins.fidelity.comparable import Comparable, comparable
from plugins.fidelity.conditions import phi
from plugins.fidelity.density_ratio import effective_share, log_weights
from plugins.fidelity.features import Values, described, features
from plugins.fidelity.memorisation import pixels
from plugins.fidelity.roc import auc, curve, null_band, null_error
from runner.api import Curves, Field, Figure, Histogram, Measurement, Metric, Params, Sample, Score

LEAST_REACHED = 0.9
"""Mean weight below which the effective sample size says nothing: it is large if all weights are equally small."""


class ClassifierTest(Metric):
    r"""Classifier two-sample test: AUC of classifiers that tell generated responses from real ones, 0.5 at best.

    Boosted trees and a multilayer perceptron look at all pixels, boosted trees at the thirteen features, each together
    with the conditions, so that a response which does not follow them is told apart. A pixel of amplitude $A$ counts
    $\ln(1 + A / t)$ with the detection threshold $t$. Every response is judged by classifiers trained on others; $D$
    is the mean of the probabilities they give that it is real. The headline is the largest of the three AUCs: each
    family is blind to faults that another sees, and real against real has the same advantage of choosing.

    Calibrated, $D$ of the strongest classifier gives weights $w = D / (1 - D)$, the ratio of the real to the generated
    density. The effective sample size is what would be left of the generated responses if weights mended them.
    """

    name = "classifier_test"
    unit = "1"
    better = "lower"
    headline = "largest"
    reference = "Lopez-Paz, Oquab, arXiv:1610.06545; weights: Das et al., arXiv:2305.16774"

    class Params(Params):
        """How the classifiers are trained."""

        folds: int = Field(5, ge=2, le=100, description="parts; each is judged by classifiers trained on the others")
        repeats: int = Field(3, ge=1, le=100, description="classifiers, of other seeds and folds, whose mean is D")
        trees: int = Field(80, ge=1, le=10_000, description="boosted trees of a classifier")
        epochs: int = Field(10, ge=1, le=10_000, description="passes of the perceptron over its training responses")

    def measure(
        self, params: ClassifierTest.Params, real: Sample, generated: Sample, rng: np.random.Generator
    ) -> Measurement:
        """The largest AUC, those of the classifiers, and what the weights say.

        Raises:
            DataError: Where responses are not images, or fewer than two real ones are usable.
        """
        pair = comparable(real, generated)
        described(real.info)
        if not pair.enough:
            unknown = {name: Score(np.nan) for name in ("largest", *CLASSIFIERS)}
            return Measurement(unknown | _weight_scores(np.full(2, np.nan)), notes=pair.notes)
        judged = {name: judge(classifier, pair, params, rng) for name, classifier in CLASSIFIERS.items()}
        areas = {name: verdict.area() for name, verdict in judged.items()}
        strongest = max(areas, key=lambda name: areas[name].value)
        of_real, of_generated = log_weights(judged[strongest].real, judged[strongest].generated, _seed(rng))
        of_weights = _weight_scores(np.exp(of_generated))
        guesses = null_error(len(pair.real), len(pair.generated))
        notes = [
            f"the largest AUC is that of {CLASSIFIERS[strongest].label}",
            f"guesses have an AUC of 0.500 ± {guesses:.3f}",
        ]
        reached = of_weights["mean_weight"].value
        if reached < LEAST_REACHED:
            notes.append(f"{1 - reached:.0%} of the real distribution is out of reach of weights: no effective_share")
        return Measurement(
            {"largest": areas[strongest], **areas, **of_weights},
            tuple(_figures(judged, strongest, of_real, of_generated)),
            (*pair.notes, *notes),
        )


@dataclass(frozen=True)
class Classifier:
    """What learns, and from what.

    Attributes:
        label: In words.
        make: Parameters and a seed to a classifier of scikit-learn.
        look: What it sees of responses beside their conditions, (events, columns).
    """

    label: str
    make: Callable[[Any, int], Any]
    look: Callable[[Sample], Values]


@dataclass(frozen=True)
class Verdict:
    """Probabilities that responses are real, by classifiers that have not seen them.

    Attributes:
        by_real: Of the real responses, (repeats, n).
        by_generated: Of the generated ones, (repeats, m).
    """

    by_real: Values
    by_generated: Values

    @property
    def real(self) -> Values:
        """D of the real responses, (n,)."""
        return self.by_real.mean(axis=0)

    @property
    def generated(self) -> Values:
        """D of the generated responses, (m,)."""
        return self.by_generated.mean(axis=0)

    def area(self) -> Score:
        """AUC of D; its error is that of finitely many responses and of finitely many classifiers, in quadrature."""
        area, error = auc(self.real, self.generated)
        single = [auc(a, b)[0] for a, b in zip(self.by_real, self.by_generated, strict=True)]
        scatter = np.std(single, ddof=1) / np.sqrt(len(single)) if len(single) > 1 else 0.0
        return Score(area, float(np.hypot(error, scatter)))


def judge(classifier: Classifier, pair: Comparable, params: ClassifierTest.Params, rng: np.random.Generator) -> Verdict:
    """Probability that each response is real.

    Args:
        classifier: What judges.
        pair: Responses, at least two of each.
        params: Of the metric.
        rng: For the folds and the classifiers.
    """
    import threadpoolctl
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    samples, n = (pair.real, pair.generated), len(pair.real)
    table = np.vstack([np.column_stack([phi(sample, pair.real), classifier.look(sample)]) for sample in samples])
    labels = np.arange(len(table)) < n
    parts = min(params.folds, n, len(table) - n)
    found = []
    # threads of trees this small wait for one another: on a busy machine two are 15 times slower than one
    with warnings.catch_warnings(), threadpoolctl.threadpool_limits(1, user_api="openmp"):
        warnings.simplefilter("ignore", ConvergenceWarning)  # epochs are few on purpose
        for _ in range(params.repeats):
            folds = StratifiedKFold(parts, shuffle=True, random_state=_seed(rng))
            model = classifier.make(params, _seed(rng))
            found.append(cross_val_predict(model, table, labels, cv=folds, method="predict_proba")[:, 1])
    judged = np.stack(found)
    return Verdict(judged[:, :n], judged[:, n:])


def _trees(params: ClassifierTest.Params, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=params.trees, learning_rate=0.2, early_stopping=False, random_state=seed
    )


def _perceptron(params: ClassifierTest.Params, seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    network = MLPClassifier((64,), learning_rate_init=0.005, max_iter=params.epochs, random_state=seed)
    return make_pipeline(StandardScaler(), network)


CLASSIFIERS = {
    "trees_pixels": Classifier("boosted trees on pixels", _trees, pixels),
    "mlp_pixels": Classifier("a perceptron on pixels", _perceptron, pixels),
    "trees_features": Classifier("boosted trees on features", _trees, features),
}
"""By the name of their score."""


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _weight_scores(weights: Values) -> dict[str, Score]:
    """Figures to know: of real against real they scatter less than of any model, so that they have no telling z."""
    mean = Score(weights.mean(), weights.std(ddof=1) / np.sqrt(len(weights)), better="none")
    return {"effective_share": Score(*effective_share(weights), better="none"), "mean_weight": mean}


def _figures(judged: Mapping[str, Verdict], strongest: str, of_real: Values, of_generated: Values) -> Iterator[Figure]:
    """ROC curves, then scores and weights of the strongest classifier."""
    label = CLASSIFIERS[strongest].label
    best = judged[strongest]
    yield Curves(
        "roc",
        "Real responses that pass a cut on D",
        ("share of the generated responses", "share of the real responses"),
        ("", ""),
        {CLASSIFIERS[name].label: curve(verdict.real, verdict.generated) for name, verdict in judged.items()},
        null_band(len(best.real), len(best.generated)),
    )
    yield Histogram(
        "probability", f"D of {label}", "probability that a response is real", "", best.real, best.generated
    )
    a, b = of_real / np.log(10), of_generated / np.log(10)
    yield Histogram("weight", f"Weights w of {label}", "log10 w", "", a, b, log_y=True)
