import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from plugins.amplitude_transforms import LogAmplitude
from plugins.amplitude_transforms.log_amplitude import LogAmplitudeParams
from runner import testing
from runner.api import Condition, DataInfo

TRANSFORM, RAW = LogAmplitude(), LogAmplitudeParams()
AMPLITUDES = st.just(0.0) | st.floats(1, 40_950, width=32)


def test_hits_become_logarithms_and_empty_pixels_stay_empty() -> None:
    amplitudes = np.array([[0, np.e, 40_950]], np.float32)
    found = TRANSFORM.forward(RAW, {}, amplitudes, np)
    np.testing.assert_allclose(found, [[0, 1, np.log(40_950)]], rtol=1e-6)
    assert found.dtype == np.float32


def test_a_hit_of_one_is_not_lost() -> None:
    one = np.ones((1, 1), np.float32)
    assert TRANSFORM.inverse(RAW, {}, TRANSFORM.forward(RAW, {}, one, np), np) == pytest.approx(1, rel=2e-6)


@given(arrays(np.float32, (3, 4), elements=AMPLITUDES))
def test_the_inverse_undoes_it(amplitudes: np.ndarray) -> None:
    back = TRANSFORM.inverse(RAW, {}, TRANSFORM.forward(RAW, {}, amplitudes, np), np)
    np.testing.assert_allclose(back, amplitudes, rtol=3e-6)
    np.testing.assert_array_equal(back == 0, amplitudes == 0)


def test_network_outputs_below_zero_are_empty_pixels() -> None:
    np.testing.assert_array_equal(TRANSFORM.inverse(RAW, {}, np.array([-3.0, 0.0], np.float32), np), [0, 0])


@pytest.mark.training
def test_the_graph_computes_the_same() -> None:
    from runner.backend import ops

    amplitudes = testing.sample(events=20).responses
    forward = TRANSFORM.forward(RAW, {}, amplitudes, np)
    np.testing.assert_allclose(
        ops.convert_to_numpy(TRANSFORM.forward(RAW, {}, ops.convert_to_tensor(amplitudes), ops)), forward, rtol=1e-6
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(TRANSFORM.inverse(RAW, {}, ops.convert_to_tensor(forward), ops)),
        TRANSFORM.inverse(RAW, {}, forward, np),
        rtol=1e-5,
    )


DECLARED = (Condition("angle", "deg", 5.0, 15.0), Condition("constant", "cm", 3.0, 3.0))


def test_conditions_are_raw_or_scaled_by_their_declared_range() -> None:
    conditions = np.array([[5, 3], [10, 3], [15, 3]], np.float32)
    assert TRANSFORM.forward_conditions(RAW, {}, conditions, DECLARED, np) is conditions
    scaled = LogAmplitudeParams(conditions="scaled")
    found = TRANSFORM.forward_conditions(scaled, {}, conditions, DECLARED, np)
    np.testing.assert_allclose(found, [[-1, 0], [0, 0], [1, 0]], atol=1e-6)
    none = np.zeros((3, 0), np.float32)
    assert TRANSFORM.forward_conditions(scaled, {}, none, (), np).shape == (3, 0)


@pytest.mark.parametrize(("threshold", "fits"), [(1.0, True), (2.0, True), (0.5, False), (0.0, False)])
def test_amplitudes_below_one_are_refused_before_anything_is_read(threshold: float, fits: bool) -> None:
    data = DataInfo(testing.INFO.axes, "amplitude", "ADC", threshold)
    reason = TRANSFORM.check(RAW, data)
    assert (reason is None) is fits
    assert fits or "use data with a threshold of at least 1" in reason


@pytest.mark.training
def test_the_graph_scales_conditions_alike() -> None:
    import tensorflow as tf

    from runner.backend import ops

    scaled = LogAmplitudeParams(conditions="scaled")
    conditions = np.array([[5, 3], [7.5, 3], [15, 3]], np.float32)

    @tf.function
    def in_graph(values: tf.Tensor) -> tf.Tensor:
        return TRANSFORM.forward_conditions(scaled, {}, values, DECLARED, ops)

    expected = TRANSFORM.forward_conditions(scaled, {}, conditions, DECLARED, np)
    np.testing.assert_allclose(in_graph(tf.constant(conditions)).numpy(), expected, atol=1e-6)
