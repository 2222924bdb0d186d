"""PhazeA's settings, with faceswap's defaults."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from deepface_models.core.choices import choose
from deepface_models.models.swap._phaze_presets import PRESETS

UPSCALERS = (
    *("subpixel", "resize_images", "upscale_fast", "upscale_hybrid", "upscale_dny"),
    "upsample2d",
)
NORMS = ("none", "batch", "group", "instance", "layer", "rms")
_CHOICES: dict[str, tuple[str, ...]] = {
    "bottleneck": ("dense", "average", "max", "flatten"),
    "bottleneck_norm": ("none", "instance", "layer", "rms"),
    "shared_fc": ("none", "full", "half"),
    "fc_upscaler": UPSCALERS,
    "upscaler": UPSCALERS,
    "slope_mode": ("full", "cap_max", "cap_min"),
    "norm": NORMS,
}
# Minimum of integer settings, if it is not 1.
_LEAST = {
    **dict.fromkeys(("fc_depth", "fc_upscales", "upscales_in_fc"), 0),
    **{"residual_blocks": 0, "output_size": 16},
}
# Open ranges of other numbers; slopes are between -1 and 1.
_RANGES = {
    "encoder_scale": (0.0, math.inf),
    **dict.fromkeys(("fc_dropout", "gblock_dropout"), (-1e-9, 1.0)),
}


@dataclass(frozen=True)
class Settings:
    """All settings of `PhazeA` except the people; described there."""

    output_size: int = 128
    encoder: str = "fs_original"
    encoder_scale: float = 0.07
    encoder_arguments: Mapping[str, Any] = field(default_factory=dict)
    bottleneck: str = "dense"
    bottleneck_size: int = 1024
    bottleneck_norm: str = "none"
    bottleneck_in_encoder: bool = True
    split_fc: bool = True
    shared_fc: str = "none"
    fc_depth: int = 1
    fc_dimensions: int = 4
    fc_min_filters: int = 1024
    fc_max_filters: int = 1024
    fc_slope: float = -0.5
    fc_dropout: float = 0.0
    fc_upscaler: str = "upsample2d"
    fc_upscales: int = 1
    fc_upscale_filters: int = 512
    gblock: bool = True
    split_gblock: bool = False
    gblock_depth: int = 3
    gblock_min_units: int = 512
    gblock_max_units: int = 512
    gblock_slope: float = -0.5
    gblock_dropout: float = 0.0
    style_size: int = 512
    split_decoders: bool = False
    upscaler: str = "subpixel"
    upscales_in_fc: int = 0
    max_filters: int = 512
    min_filters: int = 64
    slope: float = -0.45
    slope_mode: str = "full"
    norm: str = "none"
    residual_blocks: int = 1
    skip_last_residual: bool = True
    gaussian_noise: bool = True
    output_kernel: int = 5
    learn_mask: bool = False

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            _check(name, value)
        if self.output_size % 16:
            raise ValueError(
                f"output_size={self.output_size!r} was given. Expected a multiple of "
                "16. Use output_size=128."
            )
        if not (self.split_fc or self.split_decoders or self.splits_gblock):
            raise ValueError(
                "split_fc=False was given with split_decoders=False and no split "
                "G-block, so that no part would be a person's own. Expected one of "
                "them to be True. Use split_decoders=True."
            )

    @property
    def splits_gblock(self) -> bool:
        """Whether each person has a G-block of their own."""
        return self.gblock and self.split_gblock

    def config(self) -> dict[str, Any]:
        """Returns all settings as plain values."""
        return {**asdict(self), "encoder_arguments": dict(self.encoder_arguments)}


NAMES = tuple(one.name for one in fields(Settings))
_DEFAULTS = {one.name: one.default for one in fields(Settings)}


def resolve(preset: str | None, given: Mapping[str, Any]) -> Settings:
    """Returns the settings given, completed by a preset's or by the defaults.

    If another encoder than the preset's is given, the preset's encoder arguments are
    not used, and the default of `encoder_scale` is 1.

    Raises:
        ValueError: There is no such preset, or a value is not possible.
    """
    base = dict(PRESETS[choose("preset", preset, PRESETS)]) if preset else {}
    encoder = base.get("encoder", _DEFAULTS["encoder"])
    if given.get("encoder", encoder) != encoder:
        base.pop("encoder_arguments", None)
        base["encoder_scale"] = 1.0
    return Settings(**{**base, **given})


def _check(name: str, value: Any) -> None:
    default = _DEFAULTS[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in _CHOICES:
        choose(name, value, _CHOICES[name])
        return
    if name == "encoder_arguments":
        right, expected, default = isinstance(value, Mapping), "a dictionary", {}
    elif isinstance(default, str):
        right, expected = isinstance(value, str), "a string"
    elif isinstance(default, bool):
        right, expected = isinstance(value, bool), "True or False"
    elif isinstance(default, int):
        least = _LEAST.get(name, 1)
        right = number and isinstance(value, int) and value >= least
        expected = f"a whole number of {least} or more"
    else:
        low, high = _RANGES.get(name, (-1.0, 1.0))
        right, expected = number and low < value < high, f"more than {low:g}"
        expected += f" and less than {high:g}" if high < math.inf else ""
    if not right:
        raise ValueError(
            f"{name}={value!r} was given. Expected {expected}. Use {name}={default!r}."
        )
