"""A configurable face swap: any encoder, bottleneck, dense layers and decoder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import keras

from deepface_models.core.choices import suggestion
from deepface_models.core.inputs import precision
from deepface_models.models.registry import Form, register_architecture
from deepface_models.models.swap._graph import SHARED
from deepface_models.models.swap._phaze_decoder import build_gblock, decode, unpack
from deepface_models.models.swap._phaze_encoders import build_encoder, input_size
from deepface_models.models.swap._phaze_fc import build_fc, build_style, chain
from deepface_models.models.swap._phaze_presets import PRESETS
from deepface_models.models.swap._phaze_settings import NAMES, Settings, resolve
from deepface_models.models.swap._published import Published, SquaredFaceLoss
from deepface_models.models.swap.dflsae import liae_routes

# Further shared inters; no person can have these names.
_SECOND, _STYLE = "+shared", "+style"
_OTHERS = ("face_type", "name", "dtype", "trainable")


@register_architecture(
    "phazea",
    smallest={
        "preset": "dfl-saehd-liae",
        "image_size": 32,
        "target": "ana",
        "output_size": 16,
        "encoder_arguments": {"depth": 2, "min_filters": 3},
        "bottleneck_size": 6,
        "bottleneck_norm": "layer",
        "fc_dimensions": 4,
        "fc_max_filters": 3,
        "fc_upscales": 0,
        "gblock": True,
        "gblock_depth": 1,
        "gblock_max_units": 5,
        "style_size": 6,
        "upscaler": "resize_images",
        "max_filters": 6,
        "min_filters": 4,
        "norm": "rms",
        "skip_last_residual": True,
        "gaussian_noise": True,
        "learn_mask": True,
    },
    forms={
        name: Form({"preset": name})
        for name in (
            *("dny256", "dny512", "dny1024", "stojo", "sym384"),
            *("clipfaker128", "clipfaker256", "clipfaker448"),
        )
    },
)
class PhazeA(Published):
    """faceswap's Phaze-A: a face swap built from configurable parts.

    Settings default to those of faceswap, or of one of `PhazeA.presets`. All weights
    are random: if a preset was published with a pretrained encoder, load its weights
    into `model.encoder.layers`.

    Three stages can be shared or person-specific, and at least one must be
    person-specific: dense layers (`split_fc`), G-block (`split_gblock`) and decoder
    (`split_decoders`). A shared G-block before person-specific decoders is saved in
    each decoder's file.

    Reference: faceswap, model "phaze_a" (torzdf, 2021), and its presets.

    Args:
        identities: The people's names.
        preset: Published settings: "original", "lightweight", "iae", "dfaker",
            "dfl-h128", "dfl-sae-df", "dfl-sae-liae", "dfl-saehd-df",
            "dfl-saehd-liae", "dny256", "dny512", "dny1024", "stojo", "sym384",
            "clipfaker128", "clipfaker256", "clipfaker448".
        image_size: Side of the input images in pixels; by default `encoder_scale`
            times the encoder's native size.
        target: With `shared_fc="half"`, the person whose dense layers everybody uses;
            the first by default.
        output_size: Side of the output images in pixels, a multiple of 16; 128.
        encoder: "fs_original", the name of a `keras.applications` network, or CLIP's
            "ViT-B-16", "ViT-B-32", "ViT-L-14", "ViT-L-14-336px".
        encoder_scale: Fraction of the encoder's native size (1024 for "fs_original"),
            rounded down to a multiple of 16; 0.07, or 1.0 for another encoder.
        encoder_arguments: Arguments of the encoder. "fs_original" takes depth (4),
            min_filters (128), max_filters (1024) and alternative (False), the form
            with pooling; CLIP's take width, depth and units; others those of their
            function, such as {"alpha": 0.5}.
        bottleneck: "dense", "average", "max" (pooling) or "flatten".
        bottleneck_size: Units of "dense"; 1024.
        bottleneck_norm: Normalization before the bottleneck: "none", "instance",
            "layer" or "rms".
        bottleneck_in_encoder: Whether the bottleneck is part of the shared encoder
            rather than of each stack of dense layers; True.
        split_fc: Whether each person has dense layers of their own; True.
        shared_fc: Further dense layers, whose output is concatenated: "none", "full"
            (shared ones) or "half" (the target person's).
        fc_depth: Number of dense layers; 1.
        fc_dimensions: Width and height of the maps after the dense layers; 4.
        fc_min_filters: Filters of the first, times `fc_dimensions` squared; 1024.
        fc_max_filters: Filters of the last; 1024.
        fc_slope: Curvature of the widths between them, from -1 to 1; -0.5.
        fc_dropout: Dropout rate before each dense layer; 0.
        fc_upscaler: Upscaling layers after the dense layers, as `upscaler`;
            "upsample2d".
        fc_upscales: Number of these upscaling layers; 1.
        fc_upscale_filters: Filters of these upscaling layers; 512.
        gblock: Whether maps pass a G-block: adaptive instance normalization and noise
            by a shared style vector; True.
        split_gblock: Whether each person has a G-block of their own; False.
        gblock_depth: Number of dense layers of the style vector; 3.
        gblock_min_units: Units of the first; 512.
        gblock_max_units: Units of the last; 512.
        gblock_slope: As `fc_slope`; -0.5.
        gblock_dropout: As `fc_dropout`; 0.
        style_size: Units of the G-block's own dense layers; 512.
        split_decoders: Whether each person has a decoder of their own; False.
        upscaler: The decoder's upscaling layers: "subpixel", "resize_images",
            "upscale_fast", "upscale_hybrid", "upscale_dny" or "upsample2d".
        upscales_in_fc: How many of these belong to the dense part; 0.
        max_filters: Filters of the first upscaling layer; 512.
        min_filters: Filters of the last; 64.
        slope: Curvature of the filters between them, from -1 to 1; -0.45. With a
            `slope_mode` other than "full", the fraction of the filters that each
            layer has fewer than the one before.
        slope_mode: "full"; or "cap_max" or "cap_min", where surplus layers have the
            filters of the first or the last.
        norm: Normalization after each upscaling layer: "none", "batch", "group",
            "instance", "layer" or "rms".
        residual_blocks: Residual blocks after each upscaling layer; 1.
        skip_last_residual: Whether the last upscaling layer has none; True.
        gaussian_noise: Whether noise of standard deviation 1 is added after each
            upscaling layer while training; True.
        output_kernel: Kernel size of the last convolution; 5.
        learn_mask: Whether the output has a mask as fourth channel; False.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Raises:
        TypeError: An argument's name is unknown.
        ValueError: A value or a combination of values is not possible.

    Example:
        >>> model = PhazeA(("ana", "ben"), preset="lightweight", bottleneck_size=8)
        >>> model.output["ben"].shape
        (None, 64, 64, 3)
    """

    presets: ClassVar[tuple[str, ...]] = tuple(PRESETS)
    _arguments = ("identities", "preset", "image_size", "target")

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        preset: str | None = None,
        image_size: int | None = None,
        target: str | None = None,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        _check_names(kwargs)
        given = {name: kwargs.pop(name) for name in NAMES if name in kwargs}
        settings = resolve(preset, given)
        size = input_size(settings, image_size)
        if settings.shared_fc == "half" and target is None:
            target = identities[0]
        with precision(kwargs.pop("dtype", None)):
            super().__init__(
                identities=identities,
                image_size=size,
                has_mask=settings.learn_mask,
                **_networks(identities, size, target, settings),
                **kwargs,
            )
        self.preset = preset
        self.target = target
        self.settings = settings

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles; the published optimizer and loss are the defaults."""
        mask = float(self.has_mask)
        losses = {n: SquaredFaceLoss(mask=mask) for n in self.identities}
        super().compile(optimizer=optimizer, loss=loss or losses, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, including all settings."""
        return {**super().get_config(), **self.settings.config()}

    def _owners(self) -> dict[str, str]:
        owners = super()._owners().items()
        return {part: name for part, name in owners if name in self.identities}


def _check_names(kwargs: dict[str, Any]) -> None:
    for name in kwargs:
        if name not in (*NAMES, *_OTHERS):
            known = (*PhazeA._arguments, *NAMES, *_OTHERS)
            raise TypeError(
                f"The argument {name} was given. Expected arguments among "
                f"{', '.join(known)}.{suggestion(name, known)}"
            )


def _networks(
    identities: Sequence[str], size: int, target: str | None, settings: Settings
) -> dict[str, Any]:
    """Builds the parts, as arguments of `FaceSwap`."""
    encoder = build_encoder(size, settings)
    latent = encoder.output.shape[1:]
    routes = _routes(identities, target, settings)
    inters: dict[str, keras.Model] = {}
    shapes: list[tuple[int, ...]] = []
    for name in dict.fromkeys(n for route in routes.values() for n in route):
        if name == _STYLE:
            inters[name] = build_style(latent, settings)
        else:
            label = f"inter_{name.strip('+')}" if name else "inter"
            inters[name], shapes = build_fc(label, latent, settings)
    count = len(routes[identities[0]]) - settings.gblock
    style = inters[_STYLE].output.shape[1] if settings.gblock else 0
    return {
        "encoder": encoder,
        "inters": inters,
        "routes": routes,
        **_Decoders(settings, shapes, count, style).build(identities),
    }


def _routes(
    identities: Sequence[str], target: str | None, settings: Settings
) -> dict[str, tuple[str, ...]]:
    """Returns each person's inters."""
    split, shared = settings.split_fc, settings.shared_fc
    style = (_STYLE,) if settings.gblock else ()
    if split and shared == "half":
        both = liae_routes(identities, str(target))
        return {name: (*route, *style) for name, route in both.items()}
    own = {name: name if split else SHARED for name in identities}
    more = {"none": (), "full": (SHARED if split else _SECOND,), "half": (SHARED,)}
    return {name: (own[name], *more[shared], *style) for name in identities}


class _Decoders:
    """Builds G-blocks and decoders, shared or person-specific.

    Args:
        settings: The model's settings.
        shapes: Shapes of the maps of each inter.
        count: Number of inters whose maps are concatenated.
        style: Length of the style vector; 0 without G-block.
    """

    def __init__(
        self,
        settings: Settings,
        shapes: Sequence[tuple[int, ...]],
        count: int,
        style: int,
    ) -> None:
        self.settings = settings
        self.shapes = shapes
        self.count = count
        self.style = style
        self.widths = chain(settings)
        self.gblocks: dict[str, keras.Model] = {}

    def build(self, identities: Sequence[str]) -> dict[str, Any]:
        """Returns decoders and shared decoder, as arguments of `FaceSwap`."""
        s = self.settings
        if not (s.split_decoders or s.splits_gblock):
            return {"decoders": dict.fromkeys(identities, self._decoder())}
        decoders = {name: self._decoder(name) for name in identities}
        if s.split_decoders:
            return {"decoders": decoders}
        maps = [keras.Input(one.shape[1:]) for one in decoders[identities[0]].outputs]
        image = decode(maps, s, self.widths)
        shared_decoder = keras.Model(_single(maps), image, name="shared_decoder")
        return {"decoders": decoders, "shared_decoder": shared_decoder}

    def _decoder(self, name: str = "") -> keras.Model:
        """Builds code -> image, or code -> maps before a shared decoder."""
        s = self.settings
        values = sum(math.prod(shape) for shape in self.shapes)
        code = keras.Input((values * self.count + self.style,))
        face, *masks = unpack(code, self.shapes, self.count)
        if self.style:
            block = self._gblock(name if s.split_gblock else "", face.shape[1:])
            face = block([face, code[:, -self.style :]])
        maps = [face, *masks]
        whole = s.split_decoders or not s.splits_gblock
        outputs = decode(maps, s, self.widths) if whole else _single(maps)
        return keras.Model(code, outputs, name=f"decoder_{name}" if name else "decoder")

    def _gblock(self, name: str, shape: Sequence[int]) -> keras.Model:
        if name not in self.gblocks:
            label = f"gblock_{name}" if name else "gblock"
            self.gblocks[name] = build_gblock(label, shape, self.style, self.settings)
        return self.gblocks[name]


def _single(maps: list[Any]) -> Any:
    return maps[0] if len(maps) == 1 else maps
