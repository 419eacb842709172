"""Ratio of the real to the generated density, from what a classifier says."""

from __future__ import annotations

import numpy as np

from plugins.fidelity.features import Values

FOLDS = 5
"""Parts, each of which is calibrated with the others."""


def log_weights(real: Values, generated: Values, seed: int) -> tuple[Values, Values]:
    r"""$\ln w$ of each response, $w = D / (1 - D)$ with calibrated $D$, for samples of any two sizes.

    The log odds of a classifier that was trained to the end are too large. A straight line through them, found with
    other responses by logistic regression, makes them those of frequencies (Platt, Adv. Large Margin Classif. (1999)
    61; the weights: Das et al., arXiv:2305.16774). Of n + m responses nothing is known better than 1 in n + m, which
    keeps the weights finite.

    Args:
        real: Probabilities that real responses are real, (n,), at least two.
        generated: The same of generated ones, (m,), at least two.
        seed: For the folds.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    n, m = len(real), len(generated)
    probabilities = np.clip(np.concatenate([real, generated]), 1 / (n + m), 1 - 1 / (n + m))
    odds = np.log(probabilities / (1 - probabilities))[:, None]
    folds = StratifiedKFold(min(FOLDS, n, m), shuffle=True, random_state=seed)
    labels = np.arange(n + m) < n
    calibrated = cross_val_predict(LogisticRegression(), odds, labels, cv=folds, method="decision_function")
    found = calibrated - np.log(n / m)
    return found[:n], found[n:]


def effective_share(weights: Values) -> tuple[float, float]:
    r"""Effective sample size over the number of responses, $(\sum w)^2 / (m \sum w^2)$, and its standard error.

    Kish, Survey Sampling (1965); the error is propagated from those of the two means.

    Args:
        weights: (m,), at least two, not all 0.
    """
    scaled = weights / weights.max()
    mean, square = scaled.mean(), (scaled**2).mean()
    share = mean**2 / square
    slopes = share * (2 * scaled / mean - scaled**2 / square)
    return float(share), float(slopes.std(ddof=1) / np.sqrt(len(weights)))
