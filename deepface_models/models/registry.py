"""Every architecture by name: where it is registered, listed and built."""

from __future__ import annotations

import fnmatch
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import keras

from deepface_models.core.choices import choose
from deepface_models.core.plugins import load_plugins
from deepface_models.core.registry import Registry
from deepface_models.core.version import PACKAGE
from deepface_models.core.whole import whole_numbers

FAMILIES = ("swap", "autoencoders")
OWN_ARCHITECTURE = (
    "Import the module of your own one first; commands find it by an entry point "
    '(see "Add an architecture").'
)
_REFERENCE = re.compile(r"\n *References?: (.*?)\n *\n", re.DOTALL)
_WIDTH = 18  # of the column of names in a card
C = TypeVar("C", bound=type[keras.Model])


@dataclass(frozen=True)
class Form:
    """A published form of an architecture.

    Attributes:
        arguments: Constructor arguments that differ from the defaults.
        parameters: How many weights it has, for two people if it is a face swap.
    """

    arguments: Mapping[str, Any]
    parameters: int | None = None


@dataclass(frozen=True)
class Architecture:
    """What is known of an architecture without building it.

    Attributes:
        name: Its name in `create` and on the command line.
        model: Its class.
        image_size: Pixels of the faces that its published form takes; None where any
            will do.
        parameters: How many weights its defaults have, for two people if it is a face
            swap; None where that depends on the data.
        reference: The paper or project that it is from; by default what the class's
            docstring says of it.
        smallest: Constructor arguments that make it tiny, none of them a default; the
            tests of the contract use them.
        forms: Other published forms, by title.

    Example:
        >>> from deepface_models.models.registry import architectures
        >>> original = architectures("swap")["original"]
        >>> original.model.__name__, original.image_size
        ('Original', 64)
    """

    name: str
    model: type[keras.Model]
    image_size: int | None = None
    parameters: int | None = None
    reference: str = ""
    smallest: Mapping[str, Any] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """Either "swap" or "autoencoders"."""
        return "swap" if hasattr(self.model, "check_identities") else "autoencoders"

    def summary(self) -> str:
        """Returns its card: what is known of it, as lines for a terminal."""
        about = (inspect.getdoc(self.model) or "").partition("\n\n")[0]
        names = inspect.signature(self.model).parameters
        rows: dict[str, Any] = {
            "architecture": self.name,
            "family": "face swaps" if self.family == "swap" else "autoencoders",
            "about": " ".join(about.split()),
            "image size": self.image_size or "any that its arguments allow",
            "parameters": _count(self.parameters),
        }
        for title, form in self.forms.items():
            rows[f"form {title}"] = _count(form.parameters)
        rows |= {"from": self.reference or "this package"}
        rows |= {"arguments": ", ".join(n for n in names if n != "kwargs")}
        return "\n".join(f"{key:<{_WIDTH}}{value}" for key, value in rows.items())


_known: Registry[Architecture] = Registry("architecture")


@whole_numbers(image_size=1, parameters=1)
def register_architecture(
    name: str,
    *,
    image_size: int | None = None,
    parameters: int | None = None,
    reference: str = "",
    smallest: Mapping[str, Any] | None = None,
    forms: Mapping[str, Form] | None = None,
    package: str = PACKAGE,
) -> Callable[[C], C]:
    """Registers a model class under a name; also with Keras, for saving.

    Args:
        name: Small letters, digits and "_".
        image_size: As in `Architecture`, as are the following.
        parameters: See there.
        reference: See there.
        smallest: See there.
        forms: See there.
        package: Under which Keras saves the class. `deepface_models.load` takes the
            default only.

    Returns:
        A decorator of the class.

    Raises:
        ValueError: Another class has the name, or it is no name.

    Example:
        >>> @register_architecture("mine", image_size=64, smallest={"image_size": 32})
        ... class Mine(FaceSwap): ...
    """

    def add(model: C) -> C:
        source = reference or _reference(model)
        facts = (image_size, parameters, source, smallest or {}, forms or {})
        _known.add(name, Architecture(name, model, *facts), model)
        keras.saving.register_keras_serializable(package)(model)
        return model

    return add


def architectures(family: str | None = None) -> dict[str, Architecture]:
    """Returns every architecture by name, sorted; those of plugins too.

    Args:
        family: "swap" or "autoencoders"; both by default.

    Example:
        >>> architectures("swap")["original"].parameters
        82062470
    """
    if family is not None:
        choose("family", family, FAMILIES)
    for one in FAMILIES:
        _import_all(f"deepface_models.models.{one}")
    load_plugins()
    found = sorted(_known.items())
    return {name: one for name, one in found if family in (None, one.family)}


def list_architectures(pattern: str = "*", family: str | None = None) -> list[str]:
    """Returns the names of architectures, sorted.

    Args:
        pattern: Which names or sizes, such as "dfl*" or "*128*"; small and capital
            letters are equal. An architecture's size counts as part of its name, as
            in "villain_128".
        family: "swap" or "autoencoders"; both by default.

    Example:
        >>> list_architectures("*96*")
        ['quick96']
    """
    return [
        name
        for name, one in architectures(family).items()
        if any(
            fnmatch.fnmatchcase(text, pattern.lower())
            for text in (name, f"{name}_{one.image_size}")
        )
    ]


def create(name: str, **arguments: Any) -> Any:
    """Builds a model by the name of its architecture, with fresh weights.

    Args:
        name: One of `list_architectures()`.
        **arguments: Of its class, such as `identities` of a face swap.

    Returns:
        The model; call `compile()` to train it.

    Raises:
        ValueError: There is no such architecture.

    Example:
        >>> model = create("dense_autoencoder", image_shape=(8, 8, 1))
        >>> model.count_params()
        4192
    """
    known = architectures()
    return known[choose("architecture", name, known, OWN_ARCHITECTURE)].model(
        **arguments
    )


def _import_all(package: str) -> None:
    """Imports the modules of a package, so that a new file need not be listed."""
    home = importlib.import_module(package)
    for module in pkgutil.walk_packages(home.__path__, f"{package}."):
        importlib.import_module(module.name)


def _reference(model: type[keras.Model]) -> str:
    """Returns what a class's docstring says of its source, in one line."""
    found = _REFERENCE.search(model.__doc__ or "")
    return " ".join(found[1].split()) if found else ""


def _count(parameters: int | None) -> str:
    return "depends on the data" if parameters is None else f"{parameters:,}"
