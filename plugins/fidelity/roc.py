"""ROC curves of two samples and the area under them, with its error."""

from __future__ import annotations

import numpy as np

from plugins.fidelity.features import Values

POINTS = 201
"""Points of a curve that is drawn."""


def auc(real: Values, generated: Values) -> tuple[float, float]:
    r"""Area under the ROC curve, and its standard error.

    The area is the chance that a real response scores more than a generated one, ties counted half: the mean over the
    real responses of the share of generated ones below, and the other way round. The error is that of these two means,
    $\sqrt{s_r^2 / n + s_g^2 / m}$ (DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988) 837).

    Args:
        real: Scores, (n,), at least two.
        generated: Scores, (m,), at least two.
    """
    of_real, of_generated = share_below(real, generated), 1 - share_below(generated, real)
    variance = of_real.var(ddof=1) / len(real) + of_generated.var(ddof=1) / len(generated)
    return float(of_real.mean()), float(np.sqrt(variance))


def share_below(scores: Values, others: Values) -> Values:
    """Share of the others that are smaller than each score, equal ones counted half, (scores,)."""
    ordered = np.sort(others)
    both = np.searchsorted(ordered, scores, side="left") + np.searchsorted(ordered, scores, side="right")
    return both / (2 * len(others))


def null_error(n: int, m: int) -> float:
    r"""Standard deviation of the AUC of equal distributions, $\sqrt{(n + m + 1) / 12 n m}$.

    Mann, Whitney, Ann. Math. Statist. 18 (1947) 50: the AUC is their U over n m.
    """
    return float(np.sqrt((n + m + 1) / (12 * n * m)))


def curve(real: Values, generated: Values) -> Values:
    """Shares of generated and of real responses that score at least as much as each threshold, (points, 2).

    Thresholds are quantiles of both samples together, so that points are close wherever the curve is steep or flat.
    """
    both = np.concatenate([real, generated])
    thresholds = np.quantile(both, np.linspace(1, 0, POINTS), method="inverted_cdf")
    shares = [1 - np.searchsorted(np.sort(scores), thresholds) / len(scores) for scores in (generated, real)]
    return np.vstack([(0, 0), np.column_stack(shares)])


def null_band(n: int, m: int) -> Values:
    r"""Where the ROC curve of equal distributions lies, two standard deviations wide at each x, (points, 3).

    At x both shares are about x, and their difference scatters by $\sqrt{x (1 - x) (1/n + 1/m)}$.
    """
    x = np.linspace(0, 1, POINTS)
    reach = 2 * np.sqrt(x * (1 - x) * (1 / n + 1 / m))
    return np.column_stack([x, np.clip(x - reach, 0, 1), np.clip(x + reach, 0, 1)])
