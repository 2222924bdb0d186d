"""No package imports one of a higher layer, inside functions too."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import deepface_models

ROOT = Path(deepface_models.__file__).parent
# A package may import those before it.
ORDER = (
    "core media faces layers losses metrics optimizers data engines presets models "
    "callbacks provenance conversion streaming evaluation exporting fleet training "
    "importers testing demo pretraining jobs web cli __main__"
).split()
FORBIDDEN = {
    "models": {"faces", "data", "media"},
    "callbacks": {"faces", "data", "presets"},
    "presets": {"media", "models"},
}
# `import deepface_models as dfm` reaches everything; users of the API may write it.
USE_THE_PACKAGE = {"cli", "demo"}


def modules() -> dict[str, Path]:
    found = {}
    for path in ROOT.rglob("*.py"):
        if path.is_relative_to(ROOT / "weights"):
            continue  # Files without code, which only an installed package has inside.
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


class Imports(ast.NodeVisitor):
    """Every module of ours that a module imports while it runs."""

    def __init__(self, known: dict[str, Path]) -> None:
        self.known, self.found = known, set()

    def visit_If(self, node: ast.If) -> None:
        for child in node.orelse if "TYPE_CHECKING" in ast.dump(node.test) else [node]:
            self.generic_visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        self.found |= {alias.name for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert not node.level, "imports are absolute"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            self.found.add(inner if inner in self.known else str(node.module))


@cache
def graph() -> dict[str, set[str]]:
    known = modules()
    result = {}
    for name, path in known.items():
        visitor = Imports(known)
        visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
        result[name] = {one for one in visitor.found if one in known} - {name}
    return result


def package(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def edges() -> set[tuple[str, str, str]]:
    return {
        (package(name), package(other), f"{name} imports {other}")
        for name, others in graph().items()
        for other in others
        if package(name) != package(other)
    }


def test_every_package_has_its_place():
    assert {package(name) for name in graph()} - {""} == set(ORDER)


def test_imports_lead_downwards():
    wrong = [
        said
        for one, other, said in edges()
        if one and other and ORDER.index(other) > ORDER.index(one)
    ]
    assert sorted(wrong) == []


@pytest.mark.parametrize("name", sorted(FORBIDDEN))
def test_what_a_package_must_not_know(name):
    wrong = [said for one, other, said in edges() if one == name]
    assert [s for s in wrong if package(s.split()[-1]) in FORBIDDEN[name]] == []


def test_only_the_commands_and_the_demo_use_the_package_as_a_whole():
    assert {one for one, other, _ in edges() if not other} == USE_THE_PACKAGE


def test_no_module_imports_itself_through_others():
    try:
        list(TopologicalSorter(graph()).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_imports_inside_functions_count():
    """The check itself: a late import and one for types only."""
    known = dict.fromkeys(("p", "p.a", "p.b"), ROOT)
    visitor = Imports(known)
    visitor.visit(
        ast.parse(
            "if TYPE_CHECKING:\n import p.a\nelse:\n pass\n"
            "def f():\n  if f:\n    from p import b\n"
        )
    )
    assert visitor.found == {"p.b"}
