"""The constants of the simulated detector."""

from __future__ import annotations

from dataclasses import dataclass

REFERENCES = (
    "[MPD] A. Averyanov et al., JINST 9 (2014) C09036; "
    "[PDG] S. Navas et al., Phys. Rev. D 110 (2024) 030001, chapter 35; "
    "[BRR] W. Blum, W. Riegler, L. Rolandi, Particle Detection with Drift Chambers, 2nd ed., Springer (2008)"
)


@dataclass(frozen=True)
class Detector:
    """Time projection chamber, gas and electronics. "Tuned" means: to the real responses, within what is physical.

    Attributes:
        pad_width: Pitch of the pads along a row [cm]; 5 mm [MPD].
        row_height: Length of the track seen by one row [cm]: that of the pads, 12 mm [MPD], and what is induced from
            beyond their ends. Tuned: growth of the pad width with the crossing angle.
        clusters: Primary ionisation clusters per length of track [1/cm]. Tuned: lower edge of the charge; together
            with the sizes 92 electrons/cm (25 clusters and 97 electrons in argon, minimum ionising [PDG]).
        size_exponent: a in P(n) ~ n^-a for n electrons in a cluster; 2 for collisions with free electrons
            [BRR chapter 1]. Tuned: upper edge of the charge.
        largest_cluster: Cut-off of n [electrons]. Tuned: the largest real responses.
        drift_velocity: [cm/us]; nominal in argon with 10% methane [MPD].
        time_bin: Sampling period [us]; nominally 10 MHz [MPD].
        transverse_diffusion: Spread after 1 cm of drift [cm / sqrt(cm)]. Tuned: jitter of the centre in pads.
        longitudinal_diffusion: Spread after 1 cm of drift [cm / sqrt(cm)]. Tuned: which time bins are read out.
        polya: theta of the avalanche's Polya distribution, relative variance 1 / (1 + theta); 0 is exponential
            [BRR chapter 4]. Tuned.
        gain: Amplitude of one electron's mean avalanche, summed over pads and time bins [ADC]. Tuned.
        induction_width: Standard deviation of the charge induced on the pad plane by one avalanche [cm]. Tuned.
        induction_reach: Pads on each side of the nearest that receive charge [pads]. Tuned.
        shaping_width: Standard deviation of the electronics' Gaussian pulse [us]; 0.074 is 175 ns full width at half
            maximum. Tuned.
        threshold: Smaller amplitudes are not read out [ADC]; as in the real responses.
        saturation: Largest amplitude [ADC]; as in the real responses.
        digits: Significant decimal digits of an amplitude; as in the real responses.
    """

    pad_width: float = 0.5
    row_height: float = 1.55
    clusters: float = 31.0
    size_exponent: float = 2.24
    largest_cluster: int = 20_000
    drift_velocity: float = 5.45
    time_bin: float = 0.1
    transverse_diffusion: float = 0.019
    longitudinal_diffusion: float = 0.035
    polya: float = 0.0
    gain: float = 38.0
    induction_width: float = 0.133
    induction_reach: int = 1
    shaping_width: float = 0.0735
    threshold: float = 1.0
    saturation: float = 40_950.0
    digits: int = 4

    @property
    def bin_length(self) -> float:
        """Drift length of one time bin [cm]."""
        return self.drift_velocity * self.time_bin


MPD = Detector()
