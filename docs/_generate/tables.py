"""Tables of what is registered: architectures, presets, losses, callbacks."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import keras

from _generate import names
from deepface_models import callbacks, losses, presets
from deepface_models.conversion import blend, colors, masks
from deepface_models.models.registry import architectures


def pages() -> dict[str, str]:
    """Returns the text of each page by its place in the site."""
    return {
        "reference/architectures.md": _architectures(),
        "reference/shipped.md": _presets(),
        "reference/registries.md": _registries(),
    }


def _architectures() -> str:
    text = [
        "# Architectures",
        "",
        "`dfm.create(name, ...)` builds one; the class does, too.",
    ]
    for family, title in (("swap", "Face swaps"), ("autoencoders", "Autoencoders")):
        rows = [
            (
                f"`{one.name}`",
                _link(one.model),
                _number(one.image_size),
                _number(one.parameters),
                one.reference.replace("`", ""),
            )
            for one in architectures(family).values()
        ]
        head = ("name", "class", "pixels", "parameters", "from")
        text += ["", f"## {title}", "", _table(head, rows)]
    text += ["", "Parameters are those of the defaults, for two people where a model "]
    text += ["takes people; empty where they depend on the data.", ""]
    return "\n".join(text)


def _presets() -> str:
    text = [
        "# Presets",
        "",
        'Trained models: `dfm.load("NAME")`. [Presets](../presets.md) '
        "has pictures, measurements and how to train from them.",
        "",
    ]
    for name in presets.list_models():
        record = presets.describe(name)
        text += [f"## {name}", "", record["description"], ""]
        rows = [
            (key.replace("_", " "), str(record[key]))
            for key in ("license", "data", "limits", "not_for", "command")
            if record.get(key)
        ]
        text += [_table(("what", "value"), rows), ""]
    return "\n".join(text)


def _registries() -> str:
    text = ["# Losses, callbacks and options by name", ""]
    for title, module, base in (
        ("Losses", losses, keras.losses.Loss),
        ("Callbacks", callbacks, keras.callbacks.Callback),
    ):
        rows = [
            (_link(value), _summary(value))
            for value in (getattr(module, name) for name in sorted(module.__all__))
            if inspect.isclass(value) and issubclass(value, base)
        ]
        text += [f"## {title}", "", _table(("class", "what it does"), rows), ""]
    for title, registry in (
        ("Masks", masks.MASKS),
        ("Color transfers", colors.COLORS),
        ("Blends", blend.BLENDS),
    ):
        text += [f"## {title}", "", ", ".join(f"`{name}`" for name in registry), ""]
    text += [
        "[Conversion](../conversion.md) says what each of the last three does.",
        "",
    ]
    return "\n".join(text)


def _link(value: type) -> str:
    for package, own in names.public().items():
        for name, found in own.items():
            if found is value:
                return f"{{py:obj}}`{name} <{package}.{name}>`"
    return f"`{value.__name__}`"


def _summary(value: Any) -> str:
    return (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [head, ["---"] * len(list(head)), *rows]
    return "\n".join(f"| {' | '.join(_cell(one) for one in row)} |" for row in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
