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
        "game": "relativistic",
        "loss_terms": {"adversarial": 0.2},
        "width": 0.02,
    },
    forms={"128": Form({"image_size": 128}), "256": Form({"image_size": 256})},
)
class FaceSwapGAN(AdversarialSwap):
    """faceswap-GAN 2.2: a GAN with self-attention that learns where to draw.

    The fourth channel of its images is no face mask but alpha, the share of what is
    drawn in the result: alpha * drawn + (1 - alpha) * input. `mixed` returns that;
    conversion, which takes the channel for a mask, pastes just so. For two people at
    64, 128 and 256 pixels the generator has 71,732,354, 81,548,302 and 91,364,250
    parameters, the two discriminators 1,495,690, 3,757,328 and 6,018,966.

    `compile()` gives Adam 1e-4 (beta_1 0.5), and 2e-4 for discriminators. The losses
    are built in, each person's added up, of images in [-1, 1]:

    - `reconstruction`: absolute error of what is drawn, and `scales`: of the smaller
      images drawn on the way, from 128 pixels on.
    - `edge`: error of the steps between neighboring pixels.
    - `eyes`: both errors where targets have a weight above 1, as `SwapPairs` gives
      eyes and mouth; 3 counts as once.
    - `alpha`: mean of alpha; `hinge`: mean of what it lacks to `margin`;
      `variation`: steps between its neighboring pixels.
    - `cycle`: absolute error of a person drawn as the next and back.
    - `adversarial`: deceiving the discriminator with the result and with what is
      drawn; `discriminator`: being deceived. A discriminator sees an image beside
      the input.

    History shows every one. A perceptual loss comes on top by
    `compile(loss={name: PerceptualLoss(...)})`. Published phases by share of the run:
    0.2 perceptual loss; 0.3 hinge 0.1 with margin 0.5 for alpha, 0.4 margin 0.2, 0.5
    margin 0.4, 0.67 alpha again and the learning rate times 0.3, 0.9 times 0.1.

    The program trains two generators and two discriminators in turn, each with an
    optimizer and a batch of its own, and resizes the eyes' mask to the edges; here one
    batch trains all, and an edge counts as its upper left pixel does.

    Reference: S. Lu, "faceswap-GAN" version 2.2, 2018.

    Args:
        identities: The people's names.
        image_size: Pixels in and out: 64, 128 or 256.
        norm: "instance", "group", "batch" or "none".
        attention: Whether networks have self-attention, whose memory grows with the
            fourth power of the size: 64 MiB an image at 64 x 64 pixels.
        lite: Whether the generator has half the widths and no pixel shuffle.
        gan_loss: What discriminators play: "mixup" (least squares of mixtures) or
            "relativistic" (relativistic average of least squares).
        loss_terms: Weights of the terms above other than the published 1, 1, 0.1,
            30, 0.01, 0, (margin) 0.5, 0.1, 0 (cycle; published with 10 if at all)
            and 0.1. `model.terms["edge"].assign(0.2)` changes one while training;
            a cycle that begins at 0 stays off.
        width: Multiple of the published widths.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = FaceSwapGAN(("ana", "ben"), attention=False, width=0.05)
        >>> model.output["ben"].shape
        (None, 64, 64, 4)
    """

    _arguments = (
        *("identities", "image_size", "norm", "attention", "lite", "game"),
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
        """Draws the person `identity` into the images, as alpha says.

        Args:
            images: As in `predict`.
            identity: Whose face to draw.
            batch_size: Images a step.

        Returns:
            float32 (N, S, S, 3) in [0, 1], or one image for one.
        """
        batch, single = self._batch(images)
        drawn = self.predict(batch, batch_size, identity=identity)
        result = drawn[..., 3:] * drawn[..., :3] + (1.0 - drawn[..., 3:]) * batch
        return result[0] if single else result

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Draws everybody as themselves; in training, at every scale, as lists."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        return self._scales(as_unit(inputs), training=True)

    def _scales(self, x: Any, training: bool) -> dict[str, list[Any]]:
        return {n: self._drawn(x[n], n, training) for n in x}

    def _drawn(self, x: Any, name: str, training: bool) -> list[Any]:
        code = self.encoder(x, training=training)
        return as_list(self.decoders[name].get_layer("scales")(code, training=training))

    def _images(self, y_pred: Any) -> dict[str, Any]:
        return {n: p[-1] if isinstance(p, list) else p for n, p in y_pred.items()}

    def _terms(self, x: Any, y: Any, y_pred: Any, training: bool) -> dict[str, Any]:
        if not isinstance(next(iter(y_pred.values())), list):
            y_pred = self._scales(x, training)
        return super()._terms(x, y, y_pred, training)

    def _person(
        self, name: str, x: Any, y: Any, drawn: Any, training: bool
    ) -> dict[str, Any]:
        real, given = 2.0 * y[..., :3] - 1.0, 2.0 * ops.cast(x, "float32") - 1.0
        *scales, last = drawn
        drawn, alpha = 2.0 * last[..., :3] - 1.0, last[..., 3:]
        result = alpha * drawn + (1.0 - alpha) * given
        adversarial, judged = self._play(name, real, (result, drawn), given, training)
        found = {
            **_errors(real, drawn, _heed(y)),
            "alpha": ops.mean(alpha),
            "hinge": ops.mean(ops.relu(self.terms["margin"] - alpha)),
            "variation": 2.0 * ops.mean(_steps(alpha)),
            "adversarial": adversarial,
            "discriminator": judged,
        }
        if scales:
            found["scales"] = sum(_scale_error(y[..., :3], s) for s in scales)
        if self._cycles:
            found["cycle"] = self._cycle(name, y[..., :3], training)
        return found

    def _play(
        self, name: str, real: Any, made: Sequence[Any], given: Any, training: bool
    ) -> Pair:
        """Plays with the result and with what is drawn, each beside the input."""
        judge = self.discriminators[name]
        true, result, drawn = (
            ops.concatenate([image, given], axis=-1) for image in (real, *made)
        )
        if self.gan_loss == "relativistic":
            fakes = {"whole_lsgan": result, "relativistic_lsgan": drawn}
            return gan_loss(judge, true, fakes, training)
        # Evaluation leaves training's random numbers alone and repeats itself.
        seed = self._draws if training else 0
        share = keras.random.beta((1, 1, 1, 1), _MIXUP, _MIXUP, seed=seed)
        deceit, guess = mixed_gan_loss(judge, true, result, share, training)
        more, other = mixed_gan_loss(judge, true, drawn, share, training)
        return deceit + more, guess + other

    def _cycle(self, name: str, real: Any, training: bool) -> Any:
        """Compares a person with themselves drawn as the next one and back."""
        people = self.identities
        after = people[(people.index(name) + 1) % len(people)]
        there = self._drawn(real, after, training)[-1]
        back = self._drawn(there[..., :3], name, training)[-1]
        image = 2.0 * ops.mean(ops.abs(back[..., :3] - real))
        return image + 0.1 * ops.mean(ops.abs(back[..., 3:] - there[..., 3:]))


def _errors(real: Any, drawn: Any, heed: Any) -> dict[str, Any]:
    """Returns errors of pixels and of edges, and both where it matters."""
    pixels = ops.abs(drawn - real)
    edges = ops.abs(_steps(drawn) - _steps(real))
    found = {"reconstruction": ops.mean(pixels), "edge": 2.0 * ops.mean(edges)}
    eyes = ops.mean(heed * pixels) + 2.0 * ops.mean(heed[:, :-1, :-1] * edges)
    return {**found, "eyes": eyes}


def _heed(y: Any) -> Any:
    """Returns how far targets' weights are above 1: nowhere without weights."""
    if y.shape[-1] < 5:
        return ops.zeros_like(y[..., :1])
    return ops.relu(y[..., 4:5] - 1.0) / (_EYES - 1.0)


def _steps(maps: Any) -> Any:
    """Returns the size of steps down and across, side by side as channels."""
    here = maps[:, :-1, :-1]
    both = [maps[:, 1:, :-1] - here, maps[:, :-1, 1:] - here]
    return ops.abs(ops.concatenate(both, axis=-1))


def _scale_error(real: Any, drawn: Any) -> Any:
    """Compares a smaller image with single pixels of the real one."""
    factor = real.shape[1] // drawn.shape[1]
    return 2.0 * ops.mean(ops.abs(drawn - real[:, ::factor, ::factor]))


def _check(image_size: int, norm: str, gan_loss: str) -> None:
    for name, value, known in (
        ("image_size", image_size, SIZES),
        ("norm", norm, gan.NORMS),
        ("game", gan_loss, GAN_LOSSES),
    ):
        if value not in known:
            raise ValueError(
                f"{name}={value!r} was given. FaceSwapGAN takes {known}. Use "
                f"{name}={known[0]!r}."
            )
