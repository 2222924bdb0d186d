"""Zoo: play with the autoencoders, and compare their cards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from deepface_models.core.arrays import Array
from deepface_models.core.synthetic import synthetic_tags
from deepface_models.web import calls, markup
from deepface_models.web.calls import ARCHITECTURE
from deepface_models.web.latents import COMPONENTS
from deepface_models.web.live import Live
from deepface_models.web.look import WIDE

NAME = "Zoo"
_SAMPLES, _STEPS, _BLENDED = 24, 8, 4
_FIRST = "encoder/1"
_COMPARED = (f"{ARCHITECTURE}original", f"{ARCHITECTURE}swift")
_TEXT = """<p>A variational autoencoder gives each image a code whose values follow a
normal distribution. Move along the directions in which the codes differ most, by
standard deviations, draw samples, or see what a model makes of an image of yours. All
images here are synthetic.</p>"""


def build(live: Live) -> None:
    """Makes the page."""
    gr.HTML(_TEXT, elem_classes="studio")
    names = _variational()
    model = gr.Dropdown(names, value=names[0], label="Variational autoencoder")
    with gr.Accordion("Principal components", open=True):
        with gr.Row():
            sliders = [
                gr.Slider(
                    -3, 3, 0, step=0.25, label=f"Component {n + 1}", min_width=150
                )
                for n in range(COMPONENTS)
            ]
    with gr.Row():
        decode = gr.Button("Decode this code", variant="primary")
        sample = gr.Button("Draw samples")
        blend = gr.Button("Interpolate between samples")
    shown = gr.HTML(elem_classes="studio")
    live.same([model, *sliders], _lines)
    _connect(live, decode, _walk, [model, *sliders], shown)
    gr.on(
        [one.release for one in sliders], _told(live, _walk), [model, *sliders], shown
    )
    _connect(live, sample, _sampled, [model], shown)
    _connect(live, blend, _interpolated, [model], shown)
    _dropped(live)
    _cards(live)


def _dropped(live: Live) -> None:
    with gr.Accordion("An image of yours", open=False):
        upload = gr.File(
            label="Image; of a photo, the largest face is taken", height=150
        )
        with gr.Row():
            names = _autoencoders()
            which = gr.Dropdown(
                names,
                value="denoiser_faces_128",
                label="Autoencoder",
                min_width=WIDE,
            )
            layer = gr.Dropdown(
                [_FIRST],
                value=_FIRST,
                label="Layer",
                info="All layers are here after the first look.",
                min_width=WIDE,
            )
        with gr.Row():
            button = gr.Button("Reconstruct it, and a noisy copy")
            look = gr.Button("See what this layer sees")
            like = gr.Button("See what excites it most")
        shown = gr.HTML(elem_classes="studio")
        live.same([which, layer], _look_lines)
        _connect(live, button, _reconstructed, [which, upload], shown)
        looks = [
            _connect(live, look, _seen, [which, layer, upload], shown),
            _connect(live, like, _favorites, [which, layer], shown),
        ]
        for event in looks:
            event.then(_layers, [which, layer], layer, show_progress="hidden")
        which.change(
            lambda: gr.update(choices=[_FIRST], value=_FIRST),
            None,
            layer,
            show_progress="hidden",
        )


def _cards(live: Live) -> None:
    with gr.Accordion("Compare two cards", open=False):
        with gr.Row():
            names = [*_architectures(), *_presets()]
            sides = [
                gr.Dropdown(names, value=name, label=f"Card {n}", min_width=WIDE)
                for n, name in enumerate(_COMPARED, start=1)
            ]
        button = gr.Button("Compare")
        shown = gr.HTML(elem_classes="studio")
        button.click(_compared, sides, shown)
        live.same(sides, calls.compare)


def _presets() -> list[str]:
    from deepface_models.presets import list_models

    return list_models()


def _architectures() -> list[str]:
    from deepface_models.models.names import architecture_names

    found = [*architecture_names("autoencoders"), *architecture_names("swap")]
    return [f"{ARCHITECTURE}{name}" for name in found]


def _variational() -> list[str]:
    return [name for name in _presets() if name.startswith("vae")]


def _autoencoders() -> list[str]:
    return [name for name in _presets() if not name.startswith("sw")]


def _compared(*names: str) -> str:
    shown = (f"<div>{markup.verbatim(_card(name))}</div>" for name in names)
    return f'<div class="pairs">{"".join(shown)}</div>'


def _card(name: str) -> str:
    if name.startswith(ARCHITECTURE):
        from deepface_models.models import architectures

        return architectures()[name.removeprefix(ARCHITECTURE)].summary()
    from deepface_models.presets import describe
    from deepface_models.presets.card import summary

    return summary(describe(name))


def _look_lines(name: str, layer: str) -> tuple[calls.Call, ...]:
    from deepface_models.presets import describe

    side, *_, channels = describe(name)["config"]["image_shape"]
    return calls.look_at(name, layer, side, channels == 3)


def _lines(name: str, *amounts: float) -> tuple[calls.Call, ...]:
    """Returns the calls of the three buttons."""
    walk = calls.walk(name, amounts)
    blend = calls.interpolate(name, _BLENDED, _STEPS)
    return walk, calls.sample(name, _SAMPLES), blend


Made = Callable[..., tuple[Array, str]]


def _connect(live: Live, button: Any, made: Made, inputs: list[Any], out: Any) -> Any:
    return button.click(_told(live, made), inputs, out, concurrency_limit=1)


def _told(live: Live, made: Made) -> Callable[..., str]:
    def told(*given: Any) -> str:
        from deepface_models.media import write_image

        try:
            image, what = made(*given)
        except (ValueError, OSError, ImportError) as error:
            return markup.note(error, "bad")
        path = live.workspace.folder / "previews" / f"zoo{made.__name__}.png"
        write_image(path, image, metadata=synthetic_tags(what))
        return markup.image(live.workspace, path, what)

    return told


def _walk(name: str, *amounts: float) -> tuple[Array, str]:
    from deepface_models.web.latents import as_rgb, walked

    return as_rgb(walked(name, amounts)), f"decoded by {name}."


def _sampled(name: str) -> tuple[Array, str]:
    from deepface_models.core.sheet import grid
    from deepface_models.web.latents import as_rgb, model_of

    images = [as_rgb(image) for image in model_of(name).sample(_SAMPLES)]
    rows = [images[i : i + _STEPS] for i in range(0, len(images), _STEPS)]
    return grid(rows), f"samples of {name}."


def _interpolated(name: str) -> tuple[Array, str]:
    from deepface_models.models.autoencoders.images import latent_walk
    from deepface_models.web.latents import as_rgb, model_of

    model = model_of(name)
    image = latent_walk(model, model.sample(_BLENDED), _STEPS)
    return as_rgb(image), f"interpolations between samples of {name}."


def _reconstructed(name: str, path: str | None) -> tuple[Array, str]:
    import numpy as np

    from deepface_models.core.sheet import grid
    from deepface_models.web.latents import as_rgb, model_of

    model, fitted = model_of(name), _given(name, path)
    noise = np.random.default_rng(0).normal(0, 0.2, fitted.shape)
    noisy = np.clip(fitted + noise, 0, 1).astype("float32")
    made = model.predict(np.stack([fitted, noisy]), verbose=0)
    pairs = [[fitted, made[0]], [noisy, made[1]]]
    labels = ["image, reconstruction", "noisy copy, reconstruction"]
    return grid(
        [[as_rgb(one) for one in row] for row in pairs], labels=labels
    ), f"reconstructions by {name}."


def _seen(name: str, layer: str, path: str | None) -> tuple[Array, str]:
    from deepface_models.models.autoencoders import layer_maps
    from deepface_models.web.latents import model_of

    shown = layer_maps(model_of(name), _given(name, path), layer)
    return shown, f"feature maps of {layer} of {name}, the most varied first."


def _favorites(name: str, layer: str) -> tuple[Array, str]:
    from deepface_models.models.autoencoders import layer_favorites
    from deepface_models.web.latents import model_of

    shown = layer_favorites(model_of(name), layer)
    return shown, f"images that excite the maps of {layer} of {name} most."


def _layers(name: str, layer: str) -> Any:
    """Returns the layers to choose from, with the sizes of their maps."""
    from deepface_models.models.autoencoders import map_layers
    from deepface_models.web.latents import model_of

    found = map_layers(model_of(name)).items()
    choices = [(f"{one}: {n} maps of {h} x {w}", one) for one, (h, w, n) in found]
    return gr.update(choices=choices, value=layer)


def _given(name: str, path: str | None) -> Array:
    """Returns what a model takes of an image."""
    from deepface_models.core.arrays import as_float
    from deepface_models.media import read_image
    from deepface_models.web.latents import model_of

    if path is None:
        raise ValueError("No image was given. Drop one first.")
    return as_float(_fitted(read_image(path), model_of(name).data_shape))


def _fitted(image: Array, shape: tuple[int | None, ...]) -> Array:
    """Returns the largest face, or a gray image, in the shape of a model's images."""
    import cv2

    from deepface_models.core.errors import FaceNotFoundError
    from deepface_models.faces import FaceAligner

    side = int(shape[0] or 0)
    if shape[-1] == 3:
        found = FaceAligner(side, embeddings=False, max_faces=1).faces(image)
        if not found:
            raise FaceNotFoundError("No face was found. Drop an image that shows one.")
        return found[0][1]
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return cv2.resize(gray, (side, side), interpolation=cv2.INTER_AREA)[..., None]
