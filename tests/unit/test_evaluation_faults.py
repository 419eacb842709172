import numpy as np
import pytest

from runner import testing
from runner.api import Sample
from runner.evaluation.faults import FAULTS, amplitude_scale, collapsed_share, width

RNG = np.random.default_rng(0)


def gaussian(sigma: float = 1.2, events: int = 50) -> Sample:
    """Responses of a Gaussian shape, all pixels far above the threshold."""
    events_like = testing.sample(events=events)
    i, j = np.mgrid[:8, :8]
    centres = np.random.default_rng(1).uniform(3, 4, (2, events, 1, 1))
    shape = np.exp(-((i - centres[0]) ** 2 + (j - centres[1]) ** 2) / (2 * sigma**2))
    responses = (1e6 * shape).astype(np.float32)
    return Sample(events_like.info, responses, events_like.conditions, events_like.event_ids)


def widths(sample: Sample) -> np.ndarray:
    weights = sample.responses.sum(axis=2).astype(np.float64)
    i = np.arange(8)
    mean = (weights * i).sum(axis=1) / weights.sum(axis=1)
    return np.sqrt((weights * (i - mean[:, None]) ** 2).sum(axis=1) / weights.sum(axis=1))


@pytest.mark.parametrize("name", FAULTS)
def test_no_fault_changes_nothing(name: str) -> None:
    real = testing.sample()
    np.testing.assert_allclose(FAULTS[name](real, 0.0, RNG).responses, real.responses, rtol=1e-6)


def test_amplitudes_are_larger_by_the_size() -> None:
    real = testing.sample()
    np.testing.assert_allclose(amplitude_scale(real, 0.1, RNG).responses, 1.1 * real.responses, rtol=1e-6)


@pytest.mark.parametrize("size", [0.01, 0.05])
def test_a_gaussian_gets_wider_by_the_size(size: float) -> None:
    real = gaussian(sigma=1.0)
    ratio = widths(width(real, size, RNG)) / widths(real)
    np.testing.assert_allclose(ratio, 1 + size, atol=0.2 * size)


def test_wider_responses_have_the_same_sum_and_the_same_pixels() -> None:
    real = testing.sample()
    wider = width(real, 0.2, RNG).responses
    np.testing.assert_array_equal(wider > 0, real.responses > 0)
    assert wider[wider > 0].min() >= real.info.threshold
    sums = [sample.responses.sum(axis=(1, 2)) for sample in (gaussian(), width(gaussian(), 0.2, RNG))]
    np.testing.assert_allclose(*sums, rtol=1e-4)


def test_a_share_of_the_events_collapses_to_one_of_them() -> None:
    real = testing.sample(events=200)
    found = collapsed_share(real, 0.25, np.random.default_rng(3)).responses
    different, counts = np.unique(found.reshape(200, -1), axis=0, return_counts=True)
    assert counts.max() in (50, 51)  # the event itself may be among those that are replaced
    one = different[counts.argmax()]
    assert (real.responses.reshape(200, -1) == one).all(axis=1).sum() == 1
