"""A GAN term for any face swap, as a last phase of its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from deepface_models.core import quantized as _quantized
from deepface_models.core.choices import choose
from deepface_models.core.inputs import precision
from deepface_models.core.saving import refuse_legacy
from deepface_models.core.version import PACKAGE
from deepface_models.models.swap._gan_losses import AdversarialSwap, chosen_weights
from deepface_models.models.swap._gan_rules import RULES, gan_loss
from deepface_models.models.swap.base import FaceSwap
from deepface_models.models.swap.discriminators import unet_discriminator

# As published by DeepFaceLab, whose users choose 0.1.
WEIGHTS = {"adversarial": 0.1, "variation": 1e-6, "background": 0.02}


@keras.saving.register_keras_serializable(PACKAGE)
class AdversarialFaceSwap(AdversarialSwap):
    """A face swap beside discriminators that judge what it draws; for training only.

    It is made of the face swap's own parts: what it learns, that one has learned.
    Discriminators see the face inside the target's mask (all of the image where
    targets have none) and judge patches and pixels.

    `compile()` takes the face swap's own loss and `TwoTimeScaleAdam`. History shows,
    each the sum over people, `adversarial_loss` (deceiving the discriminators),
    `discriminator_loss` (being deceived), `variation_loss` (squared steps between
    neighboring pixels, against bright dots) and `background_loss` (squared error
    outside the mask).

    Reference: Perov et al., "DeepFaceLab: Integrated, flexible and extensible
    face-swapping framework", 2020.

    Args:
        model: The face swap, best trained already.
        patch: Pixels that a logit of a patch sees; an eighth of the image by
            default.
        discriminator_width: Channels of the discriminators at full size.
        gan_loss: What is played: "logistic" as published, "lsgan", "hinge",
            "relativistic" or "relativistic_lsgan".
        loss_terms: Weights of "adversarial", "variation" and "background" other than
            0.1, 1e-6 and 0.02; `terms` has them as variables.
        **kwargs: `name`, `dtype` (of the discriminators), `trainable` of Keras.

    Raises:
        TypeError: `model` is no face swap, or one with discriminators of its own.
        ValueError: There is no such game or term.
    """

    _arguments = ("model", "patch", "discriminator_width", "game", "loss_terms")
    _more_arguments = ()

    def __init__(
        self,
        model: FaceSwap,
        patch: int | None = None,
        discriminator_width: int = 16,
        gan_loss: str = "logistic",
        loss_terms: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        _check(model, gan_loss)
        self._check_arguments(kwargs)
        start = chosen_weights(loss_terms, WEIGHTS)
        with precision(kwargs.pop("dtype", None)):
            super().__init__(
                identities=model.identities,
                image_size=model.image_size,
                encoder=model.encoder,
                decoders=model._paths.decoders,
                inters=model._paths.inters,
                routes=model._paths.routes,
                shared_decoder=model._paths.shared_decoder,
                mix=model._paths.mix,
                latent_means=model._paths.latent_means,
                has_mask=model.has_mask,
                face_type=model.face_type,
                **kwargs,
            )
            discriminators = {
                n: unet_discriminator(
                    f"discriminator_{n}", model.output_size, patch, discriminator_width
                )
                for n in model.identities
            }
        self._join(discriminators, start, [*WEIGHTS, "discriminator"])
        self.model = model
        self.patch = patch
        self.discriminator_width = discriminator_width
        self.gan_loss = gan_loss
        self._given = tuple((loss_terms or {}).items())

    @property
    def parts(self) -> dict[str, keras.Model]:
        """The face swap's parts and the discriminators."""
        return {**super().parts, **self.model.parts}

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Draws as the face swap does."""
        return self.model(inputs, training=training)

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles with the face swap's loss and `TwoTimeScaleAdam` if none is given.

        Raises:
            ValueError: The face swap has no loss of its own, and none was given.
        """
        if loss is None:
            if not self.model.compiled:
                self.model.compile()
            loss = self.model.loss
        if loss is None:
            raise ValueError(
                f"compile() was given no loss, and {type(self.model).__name__} has "
                "none of its own. Expected what it was trained with. Use "
                "compile(loss={name: FaceLoss() for name in model.identities})."
            )
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def update_latent_means(self, x: Any, y: Any = None) -> None:
        """Sets the mean latents of the face swap's decoders, if they keep any."""
        self.model.update_latent_means(x, y)

    def add_identity(self, name: str, like: str | None = None) -> AdversarialFaceSwap:
        """Returns a copy of face swap and discriminators that knows one more person."""
        plain = self.model.add_identity(name, like)
        model = type(self)(plain, **{k: getattr(self, k) for k in self._arguments[1:]})
        for person, discriminator in self.discriminators.items():
            model.discriminators[person].set_weights(discriminator.get_weights())
        return model

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, the face swap as its config."""
        refuse_legacy(self)
        config = {name: getattr(self, name) for name in self._arguments}
        packed = keras.saving.serialize_keras_object(self.model)
        # Without its optimizer: this model's trains it.
        config["model"] = {k: v for k, v in packed.items() if k != "compile_config"}
        own = {"trainable": self.trainable, "dtype": self.dtype_policy.name}
        return {**config, "name": self.name, **own, **_quantized.describe(self)}

    @classmethod
    def _arguments_of(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Builds the face swap, of the people in `identities` if any."""
        config = dict(config)
        packed = config.pop("model")
        if "identities" in config:
            own = {**packed["config"], "identities": config.pop("identities")}
            packed = {**packed, "config": own}
        model = keras.saving.deserialize_keras_object(packed, custom_objects)
        return {"model": model, **config}

    def _person(
        self, name: str, x: Any, y: Any, drawn: Any, training: bool
    ) -> dict[str, Any]:
        real, drawn = y[..., :3], ops.cast(drawn[..., :3], "float32")
        mask = y[..., 3:4] if y.shape[-1] > 3 else ops.ones_like(real[..., :1])
        adversarial, judged = gan_loss(
            self.discriminators[name],
            mask * real,
            {self.gan_loss: mask * drawn},
            training,
        )
        return {
            "adversarial": adversarial,
            "discriminator": judged,
            "variation": _variation(drawn),
            "background": ops.mean(ops.square((1.0 - mask) * (drawn - real))),
        }


def with_adversary(model: FaceSwap, weight: float = 0.1, **kwargs: Any) -> Any:
    """Puts discriminators beside a face swap, to train it on for sharper images.

        training = with_adversary(model)
        training.compile()
        training.fit(pairs, epochs=20)
        model.save_parts("runs/swap")  # the plain face swap, trained on

    Args:
        model: The face swap, which is trained in place.
        weight: Of deceiving the discriminators; `adversarial_weight` changes it while
            training.
        **kwargs: Other arguments of `AdversarialFaceSwap`.

    Returns:
        An `AdversarialFaceSwap`.
    """
    terms = {"adversarial": weight, **(kwargs.pop("loss_terms", None) or {})}
    return AdversarialFaceSwap(model, loss_terms=terms, **kwargs)


def _variation(images: Any) -> Any:
    """Returns the sum of squared steps between neighboring pixels, for an image."""
    steps = (
        images[:, 1:] - images[:, :-1],
        images[:, :, 1:] - images[:, :, :-1],
    )
    sums = [ops.mean(ops.sum(ops.square(step), axis=(1, 2, 3))) for step in steps]
    return sums[0] + sums[1]


def _check(model: Any, gan_loss: str) -> None:
    if not isinstance(model, FaceSwap) or isinstance(model, AdversarialSwap):
        raise TypeError(
            f"A model of class {type(model).__name__} was given. Expected a FaceSwap "
            "without discriminators, such as Swift. Train this one by itself."
        )
    choose("gan_loss", gan_loss, RULES, 'Use "logistic", as published.')
