"""Adversarial training of any face-swap model, as a last phase."""

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

# As in DeepFaceLab; 0.1 is the adversarial weight that its users choose.
WEIGHTS = {"adversarial": 0.1, "variation": 1e-6, "background": 0.02}


@keras.saving.register_keras_serializable(PACKAGE)
class AdversarialFaceSwap(AdversarialSwap):
    """A face-swap model with discriminators, for training only.

    It consists of the face-swap model's own parts, so training it trains that model.
    The discriminators see the face inside the target's mask (the whole image if
    targets have no mask) and classify patches and pixels.

    `compile()` uses the face-swap model's default loss and `TwoTimeScaleAdam`. The
    history shows, each summed over people, `adversarial_loss` (the generator's),
    `discriminator_loss`, `variation_loss` (squared differences of neighboring pixels,
    against bright dots) and `background_loss` (squared error outside the mask).

    Reference: Perov et al., "DeepFaceLab: Integrated, flexible and extensible
    face-swapping framework", 2020.

    Args:
        model: The face-swap model; it should be trained already.
        patch: Receptive field of a patch's logit in pixels; an eighth of the image by
            default.
        discriminator_width: Channels of the discriminators at full size.
        gan_loss: The adversarial loss: "logistic" as published, "lsgan", "hinge",
            "relativistic" or "relativistic_lsgan".
        loss_terms: Weights of "adversarial" (0.1 by default), "variation" (1e-6) and
            "background" (0.02); `terms` has them as variables.
        **kwargs: `name`, `dtype` (of the discriminators), `trainable` of Keras.

    Raises:
        TypeError: `model` is not a `FaceSwap`, or has discriminators of its own.
        ValueError: There is no such adversarial loss or term.
    """

    _arguments = ("model", "patch", "discriminator_width", "gan_loss", "loss_terms")
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
                expressions=model._paths.expressions,
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
        """The face-swap model's parts and the discriminators."""
        return {**super().parts, **self.model.parts}

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Decodes as the face-swap model does."""
        return self.model(inputs, training=training)

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles; defaults are the face-swap model's loss and `TwoTimeScaleAdam`."""
        if loss is None:
            if not self.model.compiled:
                self.model.compile()
            loss = self.model.loss
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def update_latent_means(self, x: Any, y: Any = None) -> None:
        """Sets the face-swap model's latent means, if it has any."""
        self.model.update_latent_means(x, y)

    def add_identity(self, name: str, like: str | None = None) -> AdversarialFaceSwap:
        """Returns a copy of this model with one more person."""
        plain = self.model.add_identity(name, like)
        model = type(self)(plain, **{k: getattr(self, k) for k in self._arguments[1:]})
        for person, discriminator in self.discriminators.items():
            model.discriminators[person].set_weights(discriminator.get_weights())
        return model

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments, with the face-swap model as its config."""
        refuse_legacy(self)
        config = {name: getattr(self, name) for name in self._arguments}
        packed = keras.saving.serialize_keras_object(self.model)
        # Without its optimizer, because this model's optimizer trains it.
        config["model"] = {k: v for k, v in packed.items() if k != "compile_config"}
        own = {"trainable": self.trainable, "dtype": self.dtype_policy.name}
        return {**config, "name": self.name, **own, **_quantized.describe(self)}

    @classmethod
    def _arguments_of(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Builds the face-swap model, for the people in `identities` if given."""
        config = dict(config)
        packed = config.pop("model")
        if "identities" in config:
            own = {**packed["config"], "identities": config.pop("identities")}
            packed = {**packed, "config": own}
        model = keras.saving.deserialize_keras_object(packed, custom_objects)
        return {"model": model, **config}

    def _person(
        self, name: str, x: Any, y: Any, y_pred: Any, training: bool
    ) -> dict[str, Any]:
        real, fake = y[..., :3], ops.cast(y_pred[..., :3], "float32")
        mask = y[..., 3:4] if y.shape[-1] > 3 else ops.ones_like(real[..., :1])
        generator_loss, discriminator_loss = gan_loss(
            self.discriminators[name],
            mask * real,
            {self.gan_loss: mask * fake},
            training,
        )
        return {
            "adversarial": generator_loss,
            "discriminator": discriminator_loss,
            "variation": _variation(fake),
            "background": ops.mean(ops.square((1.0 - mask) * (fake - real))),
        }


def with_adversary(model: FaceSwap, weight: float = 0.1, **kwargs: Any) -> Any:
    """Adds discriminators to a face-swap model, to train it further for sharpness.

        adversarial = with_adversary(model)
        adversarial.compile()
        adversarial.fit(pairs, epochs=20)
        model.save_parts("runs/swap")  # without discriminators

    Args:
        model: The face-swap model; it is trained in place.
        weight: Weight of the generator's adversarial loss; set `adversarial_weight` to
            change it while training.
        **kwargs: Other arguments of `AdversarialFaceSwap`.

    Returns:
        An `AdversarialFaceSwap`.

    Example:
        >>> gan = with_adversary(model, weight=0.1)
        >>> sorted(set(gan.parts) - set(model.parts))
        ['discriminator.ana', 'discriminator.ben']
    """
    terms = {"adversarial": weight, **(kwargs.pop("loss_terms", None) or {})}
    return AdversarialFaceSwap(model, loss_terms=terms, **kwargs)


def _variation(images: Any) -> Any:
    """Returns the sum of squared differences of neighboring pixels, per image."""
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
            "without discriminators, such as Swift. Train this model directly."
        )
    choose("gan_loss", gan_loss, RULES, 'Use "logistic", as published.')
