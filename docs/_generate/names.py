"""One page for each package, with all of its public names."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import deepface_models

ROOT = "deepface_models"
# Python keeps no docstring for a value; a name that is missing here stops the build.
VALUES = {
    "BLENDS": "The blends by name, in the order of registration.",
    "COLORS": "The color transfers by name, in the order of registration.",
    "MASKS": "The masks by name, in the order of registration.",
    "KINDS": "The commands that can be jobs.",
    "STATES": "What a job can be.",
    "FORMATS": "The formats of exported networks, by the extension of their files.",
    "FASHION_NAMES": "Names of the ten classes of Fashion-MNIST, by label.",
    "PEOPLE": "Names of the two speakers in the clips of the demo.",
    "FACE_TYPES": "Crops by name: the margin around the square from brows to chin, in "
    "units of that square.",
    "MEAN_FACE_5": "The five landmarks of a mean face, (5, 2), in units of the square "
    "from brows to chin.",
    "MEAN_FACE_68": "The 68 landmarks of a mean face, (68, 2), in the same units.",
    "SAME_PERSON": "dlib's published threshold: faces whose embeddings are nearer than "
    "0.6 count as the same person.",
    "IMAGE_SUFFIXES": "Extensions of the image files that can be read.",
    "VIDEO_SUFFIXES": "Extensions of the video files that can be read.",
    "RECIPES": "How each preset is made, by its name: a `Recipe`.",
    "SIGNABLE_SUFFIXES": "Extensions of the files that can carry Content Credentials, "
    "with their media types.",
    "CHECKS": "The checks of `check_model` by name, in the order in which they run.",
    "SIZES": "Sides in pixels of the faces that `Swift` takes.",
}


def packages() -> list[str]:
    """Returns the packages and modules that list public names, the root last."""
    found = []
    for module in pkgutil.walk_packages(
        deepface_models.__path__, f"{ROOT}.", onerror=lambda name: None
    ):
        hidden = any(part.startswith("_") for part in module.name.split("."))
        if module.ispkg and not hidden and ".weights" not in module.name:
            found.append(module.name)
    found += [f"{ROOT}.layers", f"{ROOT}.metrics"]
    listed = {name for name in found if getattr(_module(name), "__all__", ())}
    return [*sorted(listed, key=lambda name: (name.count("."), name)), ROOT]


def public() -> dict[str, dict[str, Any]]:
    """Returns the names of each package that no package before it has."""
    seen: set[int] = set()
    found: dict[str, dict[str, Any]] = {}
    for package in packages():
        for name, value in _own(_module(package), seen):
            found.setdefault(package, {})[name] = value
    return found


def _module(name: str) -> ModuleType:
    return importlib.import_module(name)


def _own(module: ModuleType, seen: set[int]) -> Iterator[tuple[str, Any]]:
    for name in sorted(module.__all__, key=str.lower):
        value = getattr(module, name)
        ours = getattr(value, "__module__", ROOT).startswith(ROOT)
        if isinstance(value, (ModuleType, str)) or not ours or id(value) in seen:
            continue
        seen.add(id(value))
        yield name, value


def pages() -> dict[str, str]:
    """Returns the text of each page by its place in the site."""
    names = public()
    made = {f"reference/{_short(one)}.rst": _page(one, names[one]) for one in names}
    made["reference/names.rst"] = _index(names)
    return made


def _short(package: str) -> str:
    return "package" if package == ROOT else package.removeprefix(f"{ROOT}.")


def _title(package: str) -> str:
    """What users write after `import deepface_models as dfm`."""
    short = package.replace("models.autoencoders", "autoencoders")
    short = short.replace("models.swap", "swap")
    return short.replace(ROOT, "dfm")


def _page(package: str, names: dict[str, Any]) -> str:
    module = _module(package)
    lines = [_heading(_title(package)), inspect.getdoc(module) or "", ""]
    lines += [f".. currentmodule:: {package}", ""]
    lines += [".. list-table::", "   :widths: 1 2", ""]
    for name, value in names.items():
        lines += [f"   * - :py:obj:`{name}`", f"     - {summary(name, value)}"]
    lines.append("")
    for name, value in names.items():
        lines += [name, "-" * len(name), "", *_entry(package, name, value), ""]
    return "\n".join(lines)


def _entry(package: str, name: str, value: Any) -> list[str]:
    if inspect.isclass(value):
        lines = [f".. autoclass:: {package}.{name}", "   :members:"]
        return (
            lines
            if issubclass(value, BaseException)
            else [*lines, "   :show-inheritance:"]
        )
    if callable(value):
        return [f".. autofunction:: {package}.{name}"]
    return [f".. py:data:: {package}.{name}", "", f"   {VALUES[name]}"]


def summary(name: str, value: Any) -> str:
    """Returns the first sentence of a name's documentation, in one line."""
    text = (inspect.getdoc(value) or "") if callable(value) else VALUES[name]
    first = " ".join(text.split("\n\n")[0].split())
    return re.sub("`[^`]+`", lambda found: f"{found[0]}\\ ", first)


def _index(names: dict[str, dict[str, Any]]) -> str:
    count = sum(map(len, names.values()))
    lines = [_heading("All public names"), f"{count} names, each with its page.", ""]
    for package, own in names.items():
        lines += [f".. rubric:: :doc:`{package} <{_short(package)}>`", ""]
        lines += [", ".join(f":py:obj:`{one} <{package}.{one}>`" for one in own), ""]
    lines += [
        ".. toctree::",
        "   :hidden:",
        "",
        *(f"   {_title(one)} <{_short(one)}>" for one in names),
    ]
    return "\n".join(lines) + "\n"


def _heading(text: str) -> str:
    return f"{text}\n{'=' * len(text)}\n"
