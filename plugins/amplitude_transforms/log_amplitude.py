"""The natural logarithm of the amplitude, with empty pixels at 0."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from runner.api import Condition, DataInfo, Field, Params, Transform

SMALLEST_HIT = 1e-6
"""What a hit of exactly 1 ADC becomes: ln 1 = 0 would be an empty pixel."""


class LogAmplitudeParams(Params):
    """Parameters of `log_amplitude`."""

    conditions: Literal["raw", "scaled"] = Field(
        "raw",
        description="conditions as they are (PhysGAN feeds degrees), or scaled to [-1, 1] by their declared range",
    )


class LogAmplitude(Transform):
    """Natural logarithm of the amplitude for hits, 0 for empty pixels.

    Forward: ``x = max(ln a, 1e-6)`` for hits (a > 0), 0 for empty pixels. Inverse: ``a = exp(x)`` for x > 0, else 0.
    Real data hold hits of exactly 1 ADC, whose logarithm is the 0 of an empty pixel; raised to 1e-6, they come
    back as 1.000001 ADC instead of being lost.
    """

    name = "log_amplitude"
    Params = LogAmplitudeParams
    reference = "PhysGAN (2020), pre-processing; its inverse gave empty pixels the amplitude 1"

    def check(self, params: LogAmplitudeParams, data: DataInfo) -> str | None:
        """Refuses amplitudes below 1: their logarithms are negative, like nothing a pixel can hold here."""
        if data.threshold >= 1:
            return None
        return (
            f"amplitudes may be as small as the detection threshold, {data.threshold:g} {data.unit}, "
            "and the logarithm of an amplitude below 1 is negative; use data with a threshold of at least 1"
        )

    def forward(self, params: LogAmplitudeParams, state: Any, responses: Any, ops: Any) -> Any:
        """Logarithm for hits, 0 for empty pixels; (events, *shape)."""
        hit = responses > 0
        logarithm = ops.log(ops.where(hit, responses, ops.ones_like(responses)))
        return ops.where(hit, ops.maximum(logarithm, SMALLEST_HIT), ops.zeros_like(responses))

    def inverse(self, params: LogAmplitudeParams, state: Any, responses: Any, ops: Any) -> Any:
        """exp(x) for x > 0, 0 otherwise; (events, *shape) [the data's unit]."""
        return ops.where(responses > 0, ops.exp(responses), ops.zeros_like(responses))

    def forward_conditions(
        self,
        params: LogAmplitudeParams,
        state: Any,
        conditions: Any,
        declared: tuple[Condition, ...],
        ops: Any,
    ) -> Any:
        """Unchanged, or -1 at the lowest and 1 at the highest declared value (a constant: 0); (events, n)."""
        if params.conditions == "raw" or not declared:
            return conditions
        low = np.asarray([condition.low for condition in declared], np.float32)
        span = np.asarray([condition.high for condition in declared], np.float32) - low
        varies = span > 0
        scale = np.where(varies, 2 / np.where(varies, span, 1), 0).astype(np.float32)
        return (conditions - low) * scale - varies.astype(np.float32)
