"""Maps between amplitudes [ADC] and the numbers networks are fed."""

from collections.abc import Iterable

from plugins.amplitude_transforms.log_amplitude import LogAmplitude
from runner.api import Transform, hookimpl


@hookimpl
def runner_transforms() -> Iterable[Transform]:
    """The transforms of this plugin."""
    return [LogAmplitude()]
