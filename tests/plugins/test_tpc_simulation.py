import json
import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from plugins.cluster_shape.measures import REPRESENTATIONS, measures
from plugins.tpc_simulation import TpcSimulation
from plugins.tpc_simulation.detector import MPD
from plugins.tpc_simulation.ionisation import Electrons, Tracks, cluster_sizes, ionise, track_length
from plugins.tpc_simulation.simulation import (
    CHUNK,
    Avalanches,
    Responses,
    amplify,
    digitise,
    induce,
    margin,
    shape,
)
from plugins.tpc_simulation.window import Window
from runner.testing import check_component

DATASET = TpcSimulation()
WINDOW = Window(8, 8)

# Means of the real files: centres in pads and time bins, largest and mean amplitude, widths, PhysGAN's covariance.
REAL = {
    ("unconditional", "log"): [3.20038, 3.37199, 6.86333, 1.32994, 0.90471, 1.33060, 1.11479],
    ("unconditional", "linear"): [3.19048, 3.38289, 1203.25, 91.9984, 0.59668, 1.03660, 0.61183],
    ("crossing_angle", "log"): [3.20567, 3.37325, 6.83956, 1.34654, 0.92301, 1.32997, 1.13026],
    ("crossing_angle", "linear"): [3.18999, 3.38617, 1101.29, 81.4097, 0.60937, 1.03559, 0.62346],
}
FILES = {"unconditional": {}, "crossing_angle": {"crossing_angle": [0.0, 15.0]}}


def params(**values):
    return DATASET.Params.model_validate_json(json.dumps(values), strict=True)


def load(seed=1, **values):
    return DATASET.load(params(**values), np.random.default_rng(seed))


def tracks(events, crossing=0.0, dip=0.0, drift=100.0, pad=3.0):
    return Tracks(*(np.full(events, value, dtype=float) for value in (crossing, dip, drift, pad)))


def real_images(path: Path):
    hits = np.loadtxt(path, delimiter=",", skiprows=1)
    ids, event = np.unique(hits[:, 0], return_inverse=True)
    images = np.zeros((len(ids), 8, 8))
    images[event, hits[:, 1].astype(int) - 40, hits[:, 2].astype(int) - 267] = hits[:, 3]
    return images


@pytest.fixture(scope="module")
def simulated():
    # the largest responses carry much of the mean amplitude: 4,000 events know it to 3%, 10,000 to 1.7%
    return {name: load(events=10_000, **values) for name, values in FILES.items()}


@pytest.mark.parametrize("values", [{"events": 50}, {"events": 50, "crossing_angle": [0, 15], "pads": 9}])
def test_keeps_the_contract_of_a_data_set(values):
    check_component(DATASET, values)


def test_the_same_generator_gives_the_same_bits_and_another_does_not():
    one, same, other = (load(seed, events=300, crossing_angle=[0, 15]) for seed in (1, 1, 2))
    assert one.responses.tobytes() == same.responses.tobytes()
    assert one.conditions.tobytes() == same.conditions.tobytes()
    assert not np.array_equal(one.responses, other.responses)
    assert not np.array_equal(one.conditions, other.conditions)


def test_chunks_are_fixed_so_that_more_events_only_add_events():
    few, many = load(events=CHUNK), load(events=CHUNK + 300)
    np.testing.assert_array_equal(few.responses, many.responses[:CHUNK])
    assert len(np.unique(many.responses.reshape(len(many), -1), axis=0)) == len(many)


def test_defaults_are_unconditional_and_ranges_become_conditions_in_order():
    info = DATASET.describe(params())
    assert info.conditions == ()
    assert info.shape == (8, 8)
    assert [axis.start for axis in info.axes] == [40, 267]
    ranged = {"pad_coordinate": [41.2, 45.2], "drift_length": [50.0, 100.0], "crossing_angle": [-20.0, 20.0]}
    sample = load(events=2000, **ranged)
    found = [(c.name, c.unit, c.low, c.high, c.period) for c in sample.info.conditions]
    assert found == [
        ("crossing_angle", "deg", -20.0, 20.0, None),
        ("drift_length", "cm", 50.0, 100.0, pytest.approx(0.545)),
        ("pad_coordinate", "pad", 41.2, 45.2, 1.0),
    ]
    low, high = sample.info.condition_ranges
    assert ((sample.conditions >= low) & (sample.conditions <= high)).all()
    error = (high - low) / np.sqrt(12 * 2000)
    assert (np.abs(sample.conditions.mean(axis=0) - (low + high) / 2) < 4 * error).all()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([15.0, 0.0], "does not increase"),
        ([5.0, 5.0], "does not increase"),
        ([0.0, 61.0], "expected values from -60 to 60, found 61"),
        (-61, "expected values from -60 to 60, found -61"),
        ([0.0], "expected a number or a range [low, high]"),
        ([0.0, 1.0, 2.0], "expected a number or a range [low, high]"),
        ("15", "expected a number or a range [low, high]"),
        (True, "expected a number or a range [low, high]"),
        ([0.0, "15"], "expected a number or a range [low, high]"),
        (float("nan"), "expected a number or a range [low, high]"),
    ],
)
def test_a_bad_range_is_one_mistake_at_its_key(value, message):
    with pytest.raises(ValidationError, match=re.escape(message)) as caught:
        params(crossing_angle=value)
    assert [error["loc"] for error in caught.value.errors()] == [("crossing_angle",)]


@pytest.mark.parametrize("values", [{"events": 0}, {"pads": 0}, {"times": 65}, {"drift_length": 0.5}, {"row": 3}])
def test_other_bad_parameters_are_refused(values):
    with pytest.raises(ValidationError):
        params(**values)


def test_clusters_are_a_poisson_process_along_the_track():
    single = replace(MPD, largest_cluster=1)  # each cluster is one electron
    steep = tracks(4000, crossing=30.0, dip=45.0)
    expected = 31.0 * 1.55 / (np.cos(np.pi / 6) * np.cos(np.pi / 4))
    np.testing.assert_allclose(single.clusters * track_length(steep, single), expected)
    electrons = ionise(steep, single, np.random.default_rng(1))
    counts = np.bincount(electrons.event, minlength=4000)
    assert counts.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / 4000))
    assert counts.var() / counts.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / 4000))
    height = single.row_height
    assert np.abs(electrons.along).max() <= height / 2
    assert electrons.along.std() == pytest.approx(height / np.sqrt(12), rel=0.01)


def test_cluster_sizes_follow_the_power_law_up_to_the_cut_off():
    small = replace(MPD, largest_cluster=50)
    number = 200_000
    sizes = cluster_sizes(small, number, np.random.default_rng(1))
    n = np.arange(1, 51)
    expected = n**-2.24 / (n**-2.24).sum()
    counts = np.bincount(sizes, minlength=51)[1:]
    assert sizes.min() == 1
    assert sizes.max() == 50
    chi2 = ((counts - number * expected) ** 2 / (number * expected)).sum()
    assert chi2 < 49 + 4 * np.sqrt(2 * 49)


def test_electrons_of_a_cluster_start_together():
    electrons = ionise(tracks(200), MPD, np.random.default_rng(1))
    clusters = len(np.unique(electrons.along))
    assert clusters == pytest.approx(200 * MPD.clusters * MPD.row_height, rel=0.05)
    assert len(electrons.along) > 2 * clusters


@pytest.mark.parametrize("drift", [25.0, 100.0])
def test_diffusion_grows_with_the_square_root_of_the_drift_length(drift):
    number = 40_000
    at_the_centre = Electrons(np.zeros(number, dtype=int), np.zeros(number))
    arrived = amplify(tracks(1, drift=drift), at_the_centre, WINDOW, MPD, np.random.default_rng(1))
    assert arrived.pad.std() == pytest.approx(0.019 * np.sqrt(drift) / 0.5, rel=0.02)
    assert arrived.time.std() == pytest.approx(0.035 * np.sqrt(drift) / 0.545, rel=0.02)


def test_an_inclined_track_moves_electrons_along_pads_and_time():
    still = replace(MPD, transverse_diffusion=0.0, longitudinal_diffusion=0.0)
    along = np.array([-0.5, 0.0, 0.5])
    electrons = Electrons(np.zeros(3, dtype=int), along)
    inclined = tracks(1, crossing=30.0, dip=45.0, drift=54.5 + 0.545 / 4, pad=43.2)
    arrived = amplify(inclined, electrons, WINDOW, still, np.random.default_rng(1))
    np.testing.assert_allclose(arrived.pad, 3.2 + along * np.tan(np.pi / 6) / 0.5)
    np.testing.assert_allclose(arrived.time, 3.25 - along / np.cos(np.pi / 6) / 0.545)


@pytest.mark.parametrize("theta", [0.0, 0.5, 3.0])
def test_avalanches_have_the_polya_distribution_s_mean_and_variance(theta):
    number = 200_000
    electrons = Electrons(np.zeros(number, dtype=int), np.zeros(number))
    detector = replace(MPD, polya=theta)
    charge = amplify(tracks(1), electrons, WINDOW, detector, np.random.default_rng(1)).charge
    assert charge.mean() == pytest.approx(MPD.gain, rel=0.01)
    assert charge.var() / charge.mean() ** 2 == pytest.approx(1 / (1 + theta), rel=0.03)


def test_induced_charge_adds_up_and_lands_in_the_electron_s_time_bin():
    rng = np.random.default_rng(1)
    window = Window(40, 8)
    event = np.repeat([0, 1], 500)
    avalanches = Avalanches(event, rng.uniform(15, 25, 1000), rng.uniform(0, 7, 1000), rng.exponential(40, 1000))
    wide = replace(MPD, induction_reach=12)
    collected = induce(avalanches, 2, window, wide)
    for i in range(2):
        of_event = event == i
        expected = np.bincount(np.rint(avalanches.time[of_event]).astype(int), avalanches.charge[of_event], 8)
        inside = collected[i, :, margin(wide) : -margin(wide)]
        np.testing.assert_allclose(inside.sum(axis=0), expected, rtol=1e-12)
    cut = induce(avalanches, 2, window, MPD).sum() / avalanches.charge.sum()
    assert 0.97 < cut < 1  # charge beyond the neighbours of the nearest pad is not read


def test_induction_is_a_gaussian_integrated_over_the_pads():
    one = Avalanches(np.array([0]), np.array([3.0]), np.array([4.0]), np.array([100.0]))
    collected = induce(one, 1, WINDOW, replace(MPD, induction_width=0.25))[0, :, 4 + margin(MPD)]
    np.testing.assert_allclose(collected, [0, 0, 15.7305, 68.2689, 15.7305, 0, 0, 0], atol=1e-3)


def test_shaping_is_a_gaussian_pulse_where_electrons_arrived():
    extra = margin(MPD)
    collected = np.full((1, 1, 8 + 2 * extra), 1e-9)
    collected[0, 0, 3 + extra] = 1000.0
    pulse = shape(collected, Window(1, 8), MPD)[0, 0]
    assert pulse.sum() == pytest.approx(1000, rel=1e-3)
    np.testing.assert_allclose(pulse[[2, 4, 5]] / pulse[3], np.exp(-0.5 * np.array([1, 1, 4]) / 0.735**2))
    collected[0, 0, 4 + extra] = 0.0
    assert shape(collected, Window(1, 8), MPD)[0, 0, 4] == 0


def test_a_pulse_from_outside_the_window_reaches_into_it():
    extra = margin(MPD)
    collected = np.full((1, 1, 8 + 2 * extra), 1e-9)
    collected[0, 0, extra - 1] = 1000.0
    assert shape(collected, Window(1, 8), MPD)[0, 0, 0] > 100


def test_digitisation_applies_threshold_saturation_and_precision():
    found = digitise(np.array([0.0, 0.99999, 1.0, 1.23449, 12.3456, 999.96, 12344.9, 40_951.0, 1e7]), MPD)
    expected = [0.0, 0.0, 1.0, 1.234, 12.35, 1000.0, 12340.0, 40950.0, 40950.0]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, np.array(expected, dtype=np.float32))


@pytest.mark.parametrize("name", FILES)
def test_responses_lie_within_the_window_and_the_electronics_range(simulated, name):
    responses = simulated[name].responses
    hits = responses[responses > 0]
    assert hits.min() >= MPD.threshold
    assert hits.max() <= MPD.saturation
    assert (responses.max(axis=(1, 2)) > 0).all()
    outermost = np.concatenate([responses[:, [0, 7]].ravel(), responses[:, :, [0, 7]].ravel()])
    assert outermost.sum() / responses.sum() < 2e-3  # real: 1.3e-3 and 0.2e-3
    assert simulated[name].notes == ()


def test_the_response_follows_the_track():
    low, high = (load(events=500, pad_coordinate=pad).responses for pad in (43.0, 43.4))
    shift = (measures(image.astype(float))[:, 0].mean() for image in (low, high))
    assert np.diff(list(shift)) == pytest.approx(0.4, abs=0.02)
    near, far = (load(events=500, drift_length=drift).responses for drift in (20.0, 160.0))
    widths = [measures(image.astype(float))[:, [4, 5]].mean(axis=0) for image in (near, far)]
    assert (widths[1] > 1.1 * widths[0]).all()


def test_ranged_coordinates_keep_the_response_in_the_middle_of_the_window():
    sample = load(events=1000, pad_coordinate=[20.0, 60.0], drift_length=[120.0, 160.0])
    assert [axis.start for axis in sample.info.axes] == [-3, -3]
    drift, pad = sample.conditions.astype(float).T
    found = measures(sample.responses.astype(float))
    # hits are cut at the threshold and to the window, so that single responses scatter around the track
    assert (found[:, 0] - 3 - pad % 1).mean() == pytest.approx(0, abs=0.02)
    assert (found[:, 1] - 3 - (drift / 0.545) % 1).mean() == pytest.approx(0, abs=0.02)


def test_pad_width_grows_with_the_crossing_angle(simulated):
    sample = simulated["crossing_angle"]
    width = measures(REPRESENTATIONS["log"].weights(sample.responses))[:, 4]
    # real: 0.265; the standard error is 0.016
    assert np.corrcoef(sample.conditions[:, 0], width)[0, 1] == pytest.approx(0.265, abs=0.06)


def test_charge_lost_beside_a_small_window_is_reported():
    (note,) = load(events=200, dip_angle=60.0, times=4).notes
    assert re.match(r"\d+\.\d% of the charge arrives beside the window of 8 pads x 4 time bins", note)


def test_responses_without_a_hit_are_reported():
    amplitudes = np.ones((5, 8, 8), dtype=np.float32)
    amplitudes[[1, 3]] = 0
    assert Responses(amplitudes, outside=0.0).notes(WINDOW) == ("2 of 5 responses have no hit",)


@pytest.mark.parametrize(("name", "representation"), REAL)
def test_means_agree_with_the_real_responses_within_ten_per_cent(simulated, name, representation):
    found = measures(REPRESENTATIONS[representation].weights(simulated[name].responses)).mean(axis=0)
    np.testing.assert_allclose(found, REAL[name, representation], rtol=0.1)


@pytest.mark.data
@pytest.mark.parametrize("name", FILES)
def test_simulation_beside_the_real_files(mpd_data, simulated, name):
    real = real_images(mpd_data / "mpd" / f"digits_{name}.csv")
    responses = simulated[name].responses
    for representation, choice in REPRESENTATIONS.items():
        expected, found = measures(choice.weights(real)), measures(choice.weights(responses))
        np.testing.assert_allclose(expected.mean(axis=0), REAL[name, representation], rtol=1e-5)
        np.testing.assert_allclose(found.mean(axis=0), expected.mean(axis=0), rtol=0.1)
        bounded = [0, 1, 4, 5, 6]  # the spread of the amplitudes hangs on a handful of responses
        np.testing.assert_allclose(found.std(axis=0)[bounded], expected.std(axis=0)[bounded], rtol=0.15)
    np.testing.assert_allclose((responses > 0).mean(axis=0), (real > 0).mean(axis=0), atol=0.08)
    shares = [1, 5, 25, 50, 75, 90]
    charges = [np.percentile(images.sum(axis=(1, 2)), shares) for images in (responses, real)]
    np.testing.assert_allclose(*charges, rtol=0.1)


def test_ten_thousand_events_take_two_seconds_of_one_core():
    start = time.process_time()
    load(events=10_000, crossing_angle=[0.0, 15.0])
    assert time.process_time() - start < 2
