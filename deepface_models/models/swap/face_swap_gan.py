"""faceswap-GAN: self-attention, an alpha channel and discriminators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from deepface_models.core.inputs import as_unit, precision
from deepface_models.core.whole import whole_numbers
from deepface_models.losses.embedders import as_list
from deepface_models.models.registry import Form, register_architecture
from deepface_models.models.swap import _gan_blocks as gan
from deepface_models.models.swap import blocks
from deepface_models.models.swap._gan_losses import AdversarialSwap, chosen_weights
from deepface_models.models.swap._gan_rules import Pair, gan_loss, mixed_gan_loss
from deepface_models.models.swap.discriminators import strided_discriminator

SIZES = (64, 128, 256)
GAN_LOSSES = ("mixup", "relativistic")
# As published, for images in [-1, 1].
WEIGHTS = {
    "reconstruction": 1.0,
    "scales": 1.0,
    "edge": 0.1,
    "eyes": 30.0,
    "alpha": 0.01,
    "hinge": 0.0,
    "margin": 0.5,
    "variation": 0.1,
    "cycle": 0.0,
    "adversarial": 0.1,
}
TERMS = (*(name for name in WEIGHTS if name != "margin"), "discriminator")
_EYES = 3.0  # weight of the eyes in SwapPairs' targets
_MIXUP = 0.2  # both parameters of the beta distribution


@register_architecture(
    "faceswapgan",
    image_size=64,
    smallest={
        "image_size": 128,
        "norm": "none",
        "attention": False,
        "lite": True,
        "gan_loss": "relativistic",
        "loss_terms": {"adversarial": 0.2},
        "width": 0.02,
    },
    forms={"128": Form({"image_size": 128}), "256": Form({"image_size": 256})},
)
class FaceSwapGAN(AdversarialSwap):
    """faceswap-GAN 2.2: a GAN with self-attention that learns an alpha channel.

    The fourth channel of its output is not a face mask but alpha, the opacity of the
    decoded face in the result: alpha * decoded + (1 - alpha) * input. `mixed` returns
    that result. Conversion uses alpha as mask, which gives the same. For two people at
    64, 128 and 256 pixels the generator has 71,732,354, 81,548,302 and 91,364,250
    parameters, the two discriminators 1,495,690, 3,757,328 and 6,018,966.

    `compile()` uses Adam with a learning rate of 1e-4 (beta_1 0.5), and 2e-4 for the
    discriminators. The losses are built in. Each is summed over people and computed on
    images in [-1, 1]:

    - `reconstruction`: absolute error of the decoded image; `scales`: that of the
      decoder's smaller images, from 128 pixels on.
    - `edge`: absolute error of the differences of neighboring pixels.
    - `eyes`: `reconstruction` and `edge` where targets have a weight w above 1, as
      `SwapPairs` gives eyes and mouth, times (w - 1) / 2.
    - `alpha`: mean of alpha; `hinge`: mean of max(0, `margin` - alpha); `variation`:
      absolute differences of alpha's neighboring pixels.
    - `cycle`: absolute error of a person swapped to the next person and back.
    - `adversarial`: the generator's adversarial loss for the result and for the
      decoded image; `discriminator`: the discriminators' loss. A discriminator's input
      is an image concatenated with the generator's input.

    The history shows all of them. Add a perceptual loss by
    `compile(loss={name: PerceptualLoss(...)})`. The published training has phases, by
    fraction of the training: from 0.2, perceptual loss; from 0.3, hinge with weight 0.1
    and margin 0.5 instead of alpha; from 0.4, margin 0.2; from 0.5, margin 0.4; from
    0.67, alpha again and the learning rate times 0.3; from 0.9, times 0.1.

    The published program trains two generators and two discriminators in turn, each
    with its own optimizer and batch, and resizes the eyes' mask to the edges. Here one
    batch trains all, and an edge has the weight of its upper left pixel.

    Reference: S. Lu, "faceswap-GAN" version 2.2, 2018.

    Args:
        identities: The people's names.
        image_size: Side of the images in pixels: 64, 128 or 256.
        norm: "instance", "group", "batch" or "none".
        attention: Whether networks have self-attention. Its memory grows with the
            fourth power of the size: 64 MiB per image for maps of 64 x 64 pixels.
        lite: Whether the generator has half the widths and no pixel shuffle.
        gan_loss: The adversarial loss: "mixup" (least squares with mixup) or
            "relativistic" (relativistic average least squares).
        loss_terms: Weights that differ from the published ones: "reconstruction" 1,
            "scales" 1, "edge" 0.1, "eyes" 30, "alpha" 0.01, "hinge" 0, "margin" 0.5,
            "variation" 0.1, "cycle" 0 (10 if it is used) and "adversarial" 0.1.
            `model.terms["edge"].assign(0.2)` changes one while training; "cycle"
            cannot be turned on later if it is 0.
        width: Multiple of the published widths.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = FaceSwapGAN(("ana", "ben"), attention=False, width=0.05)
        >>> model.output["ben"].shape
        (None, 64, 64, 4)
    """

    _arguments = (
        *("identities", "image_size", "norm", "attention", "lite", "gan_loss"),
        *("loss_terms", "width"),
    )

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 64,
        norm: str = "instance",
        attention: bool = True,
        lite: bool = False,
        gan_loss: str = "mixup",
        loss_terms: Mapping[str, float] | None = None,
        width: float = 1.0,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        _check(image_size, norm, gan_loss)
        start = chosen_weights(loss_terms, WEIGHTS)
        scale = blocks.scaled(width)
        kinds = (norm, attention, lite, scale)
        with precision(kwargs.pop("dtype", None)):
            encoder = gan.build_encoder(image_size, *kinds)
            shape = encoder.output.shape[1:]
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=encoder,
                decoders={
                    n: gan.build_decoder(f"decoder_{n}", shape, image_size, *kinds)
                    for n in identities
                },
                has_mask=True,
                **kwargs,
            )
            discriminators = {
                n: strided_discriminator(
                    f"discriminator_{n}", image_size, norm, attention, scale
                )
                for n in identities
            }
        self._cycles = start["cycle"] > 0
        left_out = {"cycle"} - {"cycle" if self._cycles else ""}
        left_out |= {"scales"} if image_size == SIZES[0] else set()
        self._join(discriminators, start, [n for n in TERMS if n not in left_out])
        self.norm = norm
        self.attention = attention
        self.lite = lite
        self.gan_loss = gan_loss
        self.width = width
        self._given = tuple((loss_terms or {}).items())
        self._draws = keras.random.SeedGenerator()

    @whole_numbers(batch_size=1)
    def mixed(self, images: Any, identity: str, batch_size: int = 32) -> Any:
        """Blends the decoded person `identity` into the images by alpha.

        Args:
            images: As in `predict`.
            identity: The person to decode.
            batch_size: Images per batch.

        Returns:
            float32 (N, S, S, 3) in [0, 1], or (S, S, 3) for one image.
        """
        batch, single = self._batch(images)
        decoded = self.predict(batch, batch_size, identity=identity)
        alpha = decoded[..., 3:]
        result = alpha * decoded[..., :3] + (1.0 - alpha) * batch
        return result[0] if single else result

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Reconstructs each person's faces; while training, at all scales as lists."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        return self._scales(as_unit(inputs), training=True)

    def _scales(self, x: Any, training: bool) -> dict[str, list[Any]]:
        return {n: self._decoded(x[n], n, training) for n in x}

    def _decoded(self, x: Any, name: str, training: bool) -> list[Any]:
        code = self.encoder(x, training=training)
        return as_list(self.decoders[name].get_layer("scales")(code, training=training))

    def _images(self, y_pred: Any) -> dict[str, Any]:
        return {n: p[-1] if isinstance(p, list) else p for n, p in y_pred.items()}

    def _terms(self, x: Any, y: Any, y_pred: Any, training: bool) -> dict[str, Any]:
        if not isinstance(next(iter(y_pred.values())), list):
            y_pred = self._scales(x, training)
        return super()._terms(x, y, y_pred, training)

    def _person(
        self, name: str, x: Any, y: Any, y_pred: Any, training: bool
    ) -> dict[str, Any]:
        real, inputs = 2.0 * y[..., :3] - 1.0, 2.0 * ops.cast(x, "float32") - 1.0
        *scales, last = y_pred
        decoded, alpha = 2.0 * last[..., :3] - 1.0, last[..., 3:]
        result = alpha * decoded + (1.0 - alpha) * inputs
        generator_loss, discriminator_loss = self._gan_losses(
            name, real, (result, decoded), inputs, training
        )
        terms = {
            **_errors(real, decoded, _eye_weight(y)),
            "alpha": ops.mean(alpha),
            "hinge": ops.mean(ops.relu(self.terms["margin"] - alpha)),
            "variation": 2.0 * ops.mean(_differences(alpha)),
            "adversarial": generator_loss,
            "discriminator": discriminator_loss,
        }
        if scales:
            terms["scales"] = sum(_scale_error(y[..., :3], s) for s in scales)
        if self._cycles:
            terms["cycle"] = self._cycle(name, y[..., :3], training)
        return terms

    def _gan_losses(
        self, name: str, real: Any, fakes: Sequence[Any], inputs: Any, training: bool
    ) -> Pair:
        """Returns the losses for the result and the decoded image, given the input."""
        discriminator = self.discriminators[name]
        true, result, decoded = (
            ops.concatenate([image, inputs], axis=-1) for image in (real, *fakes)
        )
        if self.gan_loss == "relativistic":
            by_rule = {"whole_lsgan": result, "relativistic_lsgan": decoded}
            return gan_loss(discriminator, true, by_rule, training)
        # Evaluation uses a fixed seed: it is repeatable and does not affect training.
        seed = self._draws if training else 0
        share = keras.random.beta((1, 1, 1, 1), _MIXUP, _MIXUP, seed=seed)
        losses = [
            mixed_gan_loss(discriminator, true, fake, share, training)
            for fake in (result, decoded)
        ]
        return losses[0][0] + losses[1][0], losses[0][1] + losses[1][1]

    def _cycle(self, name: str, real: Any, training: bool) -> Any:
        """Compares a person's faces with themselves after a swap there and back."""
        people = self.identities
        other = people[(people.index(name) + 1) % len(people)]
        swapped = self._decoded(real, other, training)[-1]
        back = self._decoded(swapped[..., :3], name, training)[-1]
        image = 2.0 * ops.mean(ops.abs(back[..., :3] - real))
        return image + 0.1 * ops.mean(ops.abs(back[..., 3:] - swapped[..., 3:]))


def _errors(real: Any, decoded: Any, eye_weight: Any) -> dict[str, Any]:
    """Returns errors of pixels, of edges, and of both at the eyes."""
    pixels = ops.abs(decoded - real)
    edges = ops.abs(_differences(decoded) - _differences(real))
    at_edges = eye_weight[:, :-1, :-1]
    return {
        "reconstruction": ops.mean(pixels),
        "edge": 2.0 * ops.mean(edges),
        "eyes": ops.mean(eye_weight * pixels) + 2.0 * ops.mean(at_edges * edges),
    }


def _eye_weight(y: Any) -> Any:
    """Returns how far the targets' weights are above 1; 0 without weights."""
    if y.shape[-1] < 5:
        return ops.zeros_like(y[..., :1])
    return ops.relu(y[..., 4:5] - 1.0) / (_EYES - 1.0)


def _differences(maps: Any) -> Any:
    """Returns absolute vertical and horizontal differences, as channels."""
    corner = maps[:, :-1, :-1]
    both = [maps[:, 1:, :-1] - corner, maps[:, :-1, 1:] - corner]
    return ops.abs(ops.concatenate(both, axis=-1))


def _scale_error(real: Any, decoded: Any) -> Any:
    """Compares a smaller decoded image with the subsampled real one."""
    factor = real.shape[1] // decoded.shape[1]
    return 2.0 * ops.mean(ops.abs(decoded - real[:, ::factor, ::factor]))


def _check(image_size: int, norm: str, gan_loss: str) -> None:
    for name, value, known in (
        ("image_size", image_size, SIZES),
        ("norm", norm, gan.NORMS),
        ("gan_loss", gan_loss, GAN_LOSSES),
    ):
        if value not in known:
            raise ValueError(
                f"{name}={value!r} was given. Expected one of {known}. Use "
                f"{name}={known[0]!r}."
            )
