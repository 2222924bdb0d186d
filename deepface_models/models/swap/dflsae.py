"""DeepFaceLab's styled autoencoder, with and without a shared decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from deepface_models.core.choices import choose
from deepface_models.core.inputs import precision
from deepface_models.models.registry import Form, register_architecture
from deepface_models.models.swap import blocks
from deepface_models.models.swap._graph import SHARED
from deepface_models.models.swap._published import Published

ARCHITECTURES = ("df", "liae")


@register_architecture(
    "dflsae",
    image_size=128,
    parameters=130_008_718,
    smallest={
        "image_size": 32,
        "architecture": "liae",
        "target": "ana",
        "width": 0.02,
        "residual_slope": 0.1,
    },
    forms={"liae": Form({"architecture": "liae"}, 121_746_593)},
)
class DFLSAE(Published):
    """DeepFaceLab's SAE in its forms "df" and "liae".

    "df" has a decoder for each person: 130,008,718 parameters for two people at 128
    pixels. "liae" has one decoder for all people, and inters: the target person's code
    is the output of the shared inter twice, anybody else's that of their own inter and
    the shared one. It renders expressions better and likeness less well; 121,746,593
    parameters. Learned masks and the optional outputs at several sizes are not
    implemented.

    The defaults are those of faceswap.

    Reference: faceswap, model "dfl_sae", after DeepFaceLab's SAE.

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels, a multiple of 16; published with 64
            to 256.
        architecture: "df" or "liae".
        target: For "liae": the person to swap into other people's images; the first
            by default. "df" does not use it.
        width: Multiple of the published widths.
        residual_slope: Negative slope of the leaky ReLU before a residual block:
            0.2 as in faceswap, 0.1 as in DeepFaceLab's SAE.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = DFLSAE(("ana", "ben"), architecture="liae", width=0.1)
        >>> sorted(model.parts)
        ['decoder', 'encoder', 'inter', 'inter.ben']
    """

    _arguments = (
        *("identities", "image_size", "architecture", "target", "width"),
        "residual_slope",
    )

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 128,
        architecture: str = "df",
        target: str | None = None,
        width: float = 1.0,
        residual_slope: float = 0.2,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        blocks.check_size("DFLSAE", image_size, 16, 128)
        advice = 'Use "df" for likeness, "liae" for expression.'
        choose("architecture", architecture, ARCHITECTURES, advice)
        target = identities[0] if target is None else target
        with precision(kwargs.pop("dtype", None)):
            build = _df if architecture == "df" else _liae
            super().__init__(
                identities=identities,
                image_size=image_size,
                **build(identities, image_size, target, width, residual_slope),
                **kwargs,
            )
        self.architecture = architecture
        self.target = target
        self.width = width
        self.residual_slope = residual_slope


def liae_routes(identities: Sequence[str], target: str) -> dict[str, tuple[str, str]]:
    """Returns each person's inters: the shared one twice for the target person."""
    return {n: (SHARED if n == target else n, SHARED) for n in identities}


def _df(
    identities: Sequence[str], size: int, target: str, width: float, slope: float
) -> dict[str, Any]:
    image, x = _features(size, width)
    latent = _bottleneck(x, 512, size, width)
    encoder = keras.Model(image, latent, name="encoder")
    shape = latent.shape[1:]
    decoders = {n: _decoder(f"decoder_{n}", shape, width, slope) for n in identities}
    return {"encoder": encoder, "decoders": decoders}


def _liae(
    identities: Sequence[str], size: int, target: str, width: float, slope: float
) -> dict[str, Any]:
    image, x = _features(size, width)
    encoder = keras.Model(image, keras.layers.Flatten()(x), name="encoder")
    routes = liae_routes(identities, target)
    inters = {}
    for name in dict.fromkeys(n for route in routes.values() for n in route):
        latent = keras.Input(encoder.output.shape[1:])
        code = _bottleneck(latent, 256, size, width)
        label = f"inter_{name}" if name else "inter"
        inters[name] = keras.Model(latent, code, name=label)
    *pixels, channels = inters[SHARED].output.shape[1:]
    decoder = _decoder("decoder", (*pixels, 2 * channels), width, slope)
    return {
        "encoder": encoder,
        "inters": inters,
        "routes": routes,
        "decoders": dict.fromkeys(identities, decoder),
    }


def _features(size: int, width: float) -> tuple[Any, Any]:
    image = keras.Input((size, size, 3))
    x = image
    for filters in (126, 252, 504, 1008):
        x = blocks.down(x, blocks.scaled(width)(filters))
    return image, x  # (B, S/16, S/16, 1008)


def _bottleneck(x: Any, units: int, size: int, width: float) -> Any:
    wide = blocks.scaled(width)
    x = blocks.dense_maps(x, wide(units), size // 16, wide(512))
    return blocks.up(x, wide(512))  # (B, S/8, S/8, 512)


def _decoder(
    name: str, shape: Sequence[int], width: float, slope: float
) -> keras.Model:
    widths = [blocks.scaled(width)(filters) for filters in (504, 252, 126)]
    return blocks.up_decoder(name, shape, widths, 2, residual_slope=slope)
