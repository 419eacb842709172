import itertools
import math
import statistics

import numpy as np
import pytest
from scipy import integrate, special

from runner.compare.statistics import estimate, holm


def by_seed(values: list[float], first: int = 1) -> dict[int, float]:
    return {first + number: value for number, value in enumerate(values)}


def t_tail(t: float, df: float) -> float:
    """Probability beyond t on both sides, by integrating Student's density."""
    norm = special.gamma((df + 1) / 2) / (math.sqrt(df * math.pi) * special.gamma(df / 2))
    return 2 * integrate.quad(lambda x: norm * (1 + x * x / df) ** (-(df + 1) / 2), abs(t), math.inf)[0]


def t_quantile(df: float) -> float:
    """Where 2.5 % lie above, by bisection of `t_tail`."""
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if t_tail(middle, df) > 0.05 else (low, middle)
    return low


def test_the_same_seeds_are_paired() -> None:
    a, b = [5.1, 4.2, 4.9, 5.5], [6.0, 5.5, 6.3, 6.1]
    differences = [first - second for first, second in zip(a, b, strict=True)]
    error = statistics.stdev(differences) / 2
    found = estimate(by_seed(a), by_seed(b), 0.1, 0.1)
    assert found.test == "paired"
    assert found.value == pytest.approx(statistics.mean(differences))
    assert found.p == pytest.approx(t_tail(found.value / error, 3), rel=1e-6)
    assert (found.low, found.high) == pytest.approx(
        (found.value - t_quantile(3) * error, found.value + t_quantile(3) * error), rel=1e-6
    )


def test_the_pairs_are_those_of_a_seed_whatever_the_order() -> None:
    a, b = {1: 5.0, 2: 4.0, 3: 6.5}, {3: 6.6, 1: 5.4, 2: 4.2}
    assert estimate(a, b, None, None) == estimate(a, dict(sorted(b.items())), None, None)
    assert estimate(a, b, None, None).p != estimate(a, {1: 6.6, 2: 5.4, 3: 4.2}, None, None).p


def test_seeds_without_a_partner_count_for_nothing() -> None:
    a, b = {1: 5.1, 2: 4.2, 3: 4.9}, {1: 6.0, 2: 5.5, 3: 6.3}
    paired = estimate(a, b, None, None)
    assert paired.unpaired == ()
    found = estimate({**a, 9: 50.0}, {**b, 7: -3.0}, None, None)
    assert found == paired._replace(unpaired=(7, 9))


@pytest.mark.parametrize("seeds", [(1, 4), (1, 2)], ids=["other seeds", "some seeds in common"])
def test_other_seeds_are_compared_by_welch(seeds: tuple[int, int]) -> None:
    a, b = [5.1, 4.2, 4.9], [6.0, 8.5, 6.3]
    parts = [statistics.variance(values) / len(values) for values in (a, b)]
    error = math.sqrt(sum(parts))
    df = sum(parts) ** 2 / sum(part**2 / 2 for part in parts)
    found = estimate(by_seed(a, seeds[0]), by_seed(b, seeds[1]), 0.1, 0.1)
    assert found.test == "Welch"
    assert found.p == pytest.approx(t_tail(found.value / error, df), rel=1e-6)
    assert found.high == pytest.approx(found.value + t_quantile(df) * error, rel=1e-6)


@pytest.mark.parametrize(("first", "second"), [(1, 3), (3, 1), (2, 2), (2, 5)])
def test_below_three_seeds_there_is_no_p_value(first: int, second: int) -> None:
    found = estimate(by_seed([3.0] * first), by_seed([1.0] * second), 0.3, 0.4)
    assert found.p is None
    assert found.test == "evaluation errors"
    assert (found.low, found.high) == pytest.approx((2 - 1.96 * 0.5, 2 + 1.96 * 0.5), rel=1e-4)


def test_what_has_no_error_has_no_interval() -> None:
    found = estimate({1: 3.0}, {1: 1.0}, None, 0.1)
    assert found[:5] == (2.0, None, None, None, "evaluation errors")


@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize("first", [1, 7], ids=["paired", "Welch"])
def test_values_that_do_not_scatter_say_nothing_of_the_training(shift: float, first: int) -> None:
    found = estimate(by_seed([1.0 + shift] * 3), by_seed([1.0] * 3, first), 0.3, 0.4)
    assert (found.value, found.p, found.test) == (shift, None, "evaluation errors")
    assert (found.low, found.high) == pytest.approx((shift - 1.96 * 0.5, shift + 1.96 * 0.5), rel=1e-4)


@pytest.mark.parametrize("first", [1, 9], ids=["paired", "Welch"])
def test_rounding_is_no_scatter(first: int) -> None:
    tiny = 1 + np.arange(3) * 2.0**-52
    assert estimate(by_seed((tiny * 3).tolist()), by_seed([1.0] * 3, first), None, None).p is None


def test_equal_differences_of_values_that_scatter_give_no_p_value() -> None:
    assert estimate(by_seed([1.1, 2.2, 3.3]), by_seed([0.6, 1.7, 2.8]), 0.1, 0.1).p is None


@pytest.mark.parametrize("first", [1, 7], ids=["paired", "Welch"])
def test_what_cannot_be_computed_is_not_significant(first: int) -> None:
    found = estimate(by_seed([1e300, 2e300, 3e300]), by_seed([1.0, 2.0, 4.0], first), None, None)
    assert (found.low, found.high, found.p) == (None, None, 1.0)


def test_holm_rejects_what_its_steps_reject() -> None:
    for p_values in itertools.permutations([0.001, 0.011, 0.02, 0.02, 0.3]):
        corrected = holm(p_values)
        for level in (0.002, 0.005, 0.03, 0.04, 0.05, 0.06, 0.31):
            rejected, hypotheses = set(), sorted(range(5), key=lambda number: p_values[number])
            for rank, number in enumerate(hypotheses):  # step down until one is kept
                if p_values[number] > level / (5 - rank):
                    break
                rejected.add(number)
            assert {number for number in range(5) if corrected[number] <= level + 1e-12} == rejected


def test_holm_of_few() -> None:
    assert holm([]) == []
    assert holm([0.04]) == [0.04]
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def test_intervals_and_p_values_hold_what_they_promise() -> None:
    """Of samples of one distribution 5 % have p below 0.05, and an interval without 0."""
    rng = np.random.default_rng(1)
    outcomes = []
    for first in (1, 9):
        for _ in range(1500):
            a, b = rng.normal(0, 1, (2, 3))
            found = estimate(by_seed(a.tolist()), by_seed(b.tolist(), first), None, None)
            assert found.p is not None
            assert found.low is not None
            assert found.high is not None
            assert (found.p < 0.05) == (not found.low <= 0 <= found.high)
            outcomes.append((first, found.p < 0.05))
    paired = np.mean([outcome for first, outcome in outcomes if first == 1])
    welch = np.mean([outcome for first, outcome in outcomes if first == 9])
    assert 0.03 < paired < 0.07
    assert welch < 0.06  # conservative for so few
