"""The settings that faceswap publishes for PhazeA, by name.

Settings equal to the defaults of `Settings`, and published settings that the network
does not use, are left out.
"""

from __future__ import annotations

from typing import Any


def _original(depth: int, low: int, high: int) -> dict[str, int]:
    return {"depth": depth, "min_filters": low, "max_filters": high}


def _fc_filters(filters: int) -> dict[str, int]:
    return {"fc_min_filters": filters, "fc_max_filters": filters}


_PAIR: dict[str, Any] = {
    "split_fc": False,
    "gblock": False,
    "split_decoders": True,
    "fc_upscaler": "subpixel",
    "residual_blocks": 0,
    "skip_last_residual": False,
    "gaussian_noise": False,
}
_DFL: dict[str, Any] = {
    **_PAIR,
    "output_size": 128,
    "encoder_scale": 0.13,
    "bottleneck_size": 512,
    "fc_dimensions": 8,
    **_fc_filters(512),
    "max_filters": 512,
    "min_filters": 128,
    "slope": -0.33,
}
_LIAE: dict[str, Any] = {
    "bottleneck_size": 256,
    "bottleneck_in_encoder": False,
    "split_fc": True,
    "shared_fc": "half",
    "split_decoders": False,
}
_SAE: dict[str, Any] = {
    **_DFL,
    "encoder_arguments": _original(4, 126, 1008),
    "max_filters": 504,
    "residual_blocks": 2,
}
_SAEHD: dict[str, Any] = {
    **_DFL,
    "encoder_arguments": _original(4, 64, 512),
    "residual_blocks": 1,
    "output_kernel": 1,
}


def _disney(size: int, depth: int, in_fc: int) -> dict[str, Any]:
    return {
        **_PAIR,
        "output_size": size,
        "encoder_scale": size / 1024,
        "encoder_arguments": {**_original(depth, 16, 512), "alternative": True},
        "bottleneck_size": 512,
        "fc_depth": 0,
        "fc_dimensions": 1,
        **_fc_filters(512),
        "fc_upscaler": "upsample2d",
        "fc_upscales": 2,
        "upscaler": "upscale_dny",
        "upscales_in_fc": in_fc,
        "max_filters": 512,
        "min_filters": 16,
        "slope": 0.5,
        "slope_mode": "cap_max",
        "output_kernel": 1,
    }


def _clip(size: int, scale: float, high: int) -> dict[str, Any]:
    return {
        **_PAIR,
        "output_size": size,
        "encoder": "ViT-B-16",
        "encoder_scale": scale,
        "bottleneck": "flatten",
        "max_filters": high,
        "slope": 0.5,
        "slope_mode": "cap_min",
        "residual_blocks": 1,
        "skip_last_residual": True,
    }


PRESETS: dict[str, dict[str, Any]] = {
    "original": {**_PAIR, "output_size": 64, "max_filters": 256, "slope": -0.33},
    "lightweight": {
        **_PAIR,
        "output_size": 64,
        "encoder_arguments": _original(3, 128, 512),
        "bottleneck_size": 512,
        **_fc_filters(512),
        "fc_upscale_filters": 256,
        "min_filters": 128,
        "slope": -0.33,
    },
    "iae": {
        **_PAIR,
        "output_size": 64,
        "bottleneck_in_encoder": False,
        "split_fc": True,
        "shared_fc": "full",
        **_fc_filters(512),
        "fc_upscales": 0,
        "split_decoders": False,
    },
    "dfaker": {**_PAIR, "residual_blocks": 1, "skip_last_residual": True},
    "dfl-h128": _DFL,
    "dfl-sae-df": _SAE,
    "dfl-sae-liae": {**_SAE, **_LIAE},
    "dfl-saehd-df": {
        **_SAEHD,
        "bottleneck_size": 256,
        "bottleneck_in_encoder": False,
        **_fc_filters(256),
        "fc_upscale_filters": 256,
    },
    "dfl-saehd-liae": {**_SAEHD, **_LIAE},
    "dny256": _disney(256, 7, 1),
    "dny512": _disney(512, 8, 2),
    "dny1024": _disney(1024, 9, 2),
    "stojo": {
        "output_size": 256,
        "encoder": "EfficientNetB4",
        "encoder_scale": 0.6,
        "bottleneck_size": 512,
        "fc_dimensions": 8,
        **_fc_filters(1280),
        "upscaler": "resize_images",
        "max_filters": 640,
        "min_filters": 160,
        "slope": -0.33,
        "skip_last_residual": False,
        "output_kernel": 3,
    },
    "sym384": {
        **_PAIR,
        "output_size": 384,
        "encoder": "EfficientNetV2S",
        "encoder_scale": 1.0,
        "bottleneck": "max",
        "fc_dimensions": 3,
        **_fc_filters(1536),
        "fc_upscales": 0,
        "upscaler": "upscale_dny",
        "upscales_in_fc": 2,
        "max_filters": 1536,
        "min_filters": 24,
        "slope": 0.5,
        "slope_mode": "cap_max",
        "residual_blocks": 1,
        "skip_last_residual": True,
        "gaussian_noise": True,
        "output_kernel": 3,
    },
    "clipfaker128": _clip(128, 0.29, 512),
    "clipfaker256": _clip(256, 0.58, 1024),
    "clipfaker448": {
        **_clip(448, 1.0, 1024),
        "fc_dimensions": 7,
        **_fc_filters(384),
        "fc_upscale_filters": 1024,
    },
}
