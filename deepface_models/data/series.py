"""Synthetic time series of different lengths."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.whole import whole_numbers

KINDS = ("sine", "sawtooth", "noise")
PADDING = -1000.0  # SequenceAutoencoder's mask_value, far outside the series' range


class Series(NamedTuple):
    """Series in one array, padded with `PADDING`."""

    values: Array
    """(N, timesteps, 1) float32, in [-1, 1] up to each series' end."""
    lengths: Array
    """(N,) int32, the number of steps of each series."""
    kinds: Array
    """(N,) int32, the index of each series' kind in `KINDS`."""

    @property
    def mask(self) -> Array:
        """(N, timesteps) bool, False for padding."""
        return np.arange(self.values.shape[1]) < self.lengths[:, None]

    @property
    def sequences(self) -> list[Array]:
        """The series without padding, (length, 1) each."""
        pairs = zip(self.values, self.lengths, strict=True)
        return [values[:length] for values, length in pairs]


@whole_numbers(count=1, timesteps=1, seed=0)
def sine_series(count: int, timesteps: int = 32, seed: int = 0) -> Series:
    """Returns sines, sawtooths and noise in equal numbers, of different lengths.

    Frequency (1 to 3 periods in `timesteps`), phase and length (half of `timesteps`
    or more) are random. Noise is uniform, so it cannot be compressed.

    Args:
        count: Number of series.
        timesteps: Largest number of steps, 2 or more.
        seed: Seed of the series.

    Raises:
        ValueError: `count` is below 1 or `timesteps` below 2.

    Example:
        >>> series = sine_series(3, seed=0)
        >>> len(series.sequences)
        3
    """
    if count < 1 or timesteps < 2:
        raise ValueError(
            f"count={count} and timesteps={timesteps} were given. Expected 1 series or "
            "more of 2 steps or more. Use sine_series(count=100, timesteps=32)."
        )
    rng = np.random.default_rng(seed)
    kinds = rng.permutation(np.arange(count, dtype="int32") % len(KINDS))
    periods, phases = rng.uniform(1, 3, (count, 1)), rng.uniform(0, 1, (count, 1))
    turns = periods * np.arange(timesteps) / timesteps + phases
    noise = rng.uniform(-1, 1, (count, timesteps))
    waves = np.stack([np.sin(2 * np.pi * turns), 2 * (turns % 1) - 1, noise])
    values = waves[kinds, np.arange(count)][..., None].astype("float32")
    lengths = rng.integers(timesteps // 2, timesteps, count, "int32", endpoint=True)
    made = Series(values, lengths, kinds)
    values[~made.mask] = PADDING
    return made
