"""A new mask, blend or color transfer is one function in one file."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from deepface_models.cli import build_parser
from deepface_models.conversion import (
    BLENDS,
    COLORS,
    MASKS,
    Converter,
    register_blend,
    register_color,
    register_mask,
)
from deepface_models.conversion.blend import Blend
from deepface_models.core.registry import Registry, names_in

ROOT = Path(__file__).parents[2]
REGISTRIES = {"mask": MASKS, "blend": BLENDS, "color": COLORS}
every_kind = pytest.mark.parametrize("kind", REGISTRIES)


@pytest.fixture(autouse=True)
def _as_before():
    """Names that a test registers are known in this test only."""
    before = [dict(registry._known) for registry in REGISTRIES.values()]
    yield
    for registry, known in zip(REGISTRIES.values(), before, strict=True):
        registry._known = known


def swap(frame, face, model, **options):
    return Converter(model, "ben", **options).swap_faces([frame], [face])[0]


def test_a_mask_of_ones_own(frame, face, model):
    """It is used, also joined with another one, and sees all that it is promised."""
    seen = []

    @register_mask("left_half")
    def left_half(image, aligned, landmarks):
        seen.append((image.shape, aligned.shape, landmarks.shape))
        mask = np.ones(image.shape[:2])
        mask[:, len(mask) // 2 :] = 0
        return mask

    options = {"blend": "alpha", "color": "none", "feather": 0.0}
    own = swap(frame, face, model, mask="left_half*hull", **options)
    hull = swap(frame, face, model, mask="hull", **options)
    changed, usual = (np.argwhere((x != frame).any(-1)) for x in (own, hull))
    assert seen == [((96, 96, 4), (96, 96, 3), (68, 2))]
    assert 0.3 < len(changed) / len(usual) < 0.7
    assert changed[:, 1].max() < usual[:, 1].max()


def test_a_color_transfer_of_ones_own(frame, face, model):
    @register_color("black")
    def black(decoded):
        return np.zeros_like(decoded.image)

    result = swap(frame, face, model, color="black", sharpen=0.0)
    x, y = map(round, face.box.center)
    assert (result[y, x] == 0).all() and result[0, 0].any()


@pytest.mark.parametrize("far", [0, 30])
def test_a_blend_changes_what_it_declares(frame, face, model, far):
    """A blend declares its reach; the part of the frame follows it."""
    given = []

    def everywhere(face, frame, mask, reach=None):
        given.append((frame.shape, reach))
        return np.zeros_like(frame)

    register_blend("black", reach=(lambda side: far) if far else None)(everywhere)
    result = swap(frame, face, model, blend="black")
    rows = np.flatnonzero((result == 0).all((1, 2)))
    decoded = Converter(model, "ben").decode([frame], [face])[0]
    placed = Converter(model, "ben", blend="black").place(frame, decoded)
    assert given == [(placed.image.shape, far or None)]
    inside = np.flatnonzero(placed.mask.any(1))
    assert inside[0] >= far and len(placed.mask) - 1 - inside[-1] >= far
    assert inside[0] <= far + 6 and not len(rows)


def test_a_blend_gets_images_of_one_kind(frame, face, model):
    """The decoded face is float, the frame may be uint8; a plain mix has to work."""
    given = []

    @register_blend("plain")
    def plain(face, frame, mask):
        given.append((face.dtype, frame.dtype))
        return np.where(mask[..., None] > 0.5, face, frame).astype(frame.dtype)

    options = {"mask": "hull", "color": "none", "feather": 0.0, "sharpen": 0.0}
    own = swap(frame, face, model, blend="plain", **options)
    alpha = swap(frame, face, model, blend="alpha", **options)
    assert given == [(np.float32, np.float32)]
    assert np.abs(own.astype(int) - alpha).mean() < 1 and (own != frame).any()
    same = Blend(plain)(frame, frame[::-1], np.zeros(frame.shape[:2]))
    assert given[1:] == [(np.uint8, np.uint8)]
    np.testing.assert_array_equal(same, frame[::-1])
    fine = np.linspace(0, 1, 48).reshape(4, 4, 3)
    kept = Blend(plain)(fine.astype(np.float32), fine, np.zeros((4, 4)))
    np.testing.assert_array_equal(kept, fine)  # without a loss of float64


def test_a_blend_of_another_shape_is_explained():
    blend = Blend(lambda face, frame, mask: frame[1:])
    with pytest.raises(ValueError, match=r"returned the shape \(3, 4, 3\)"):
        blend(np.zeros((4, 4, 3)), np.zeros((4, 4, 3)), np.zeros((4, 4)))
    with pytest.raises(ValueError, match="same height and width"):
        blend(np.zeros((4, 4, 3)), np.zeros((4, 5, 3)), np.zeros((4, 5)))


@pytest.mark.parametrize("name", sorted(BLENDS))
def test_no_blend_reaches_further_than_it_declares(name):
    rng = np.random.default_rng(0)
    frame, other = rng.integers(0, 256, (2, 260, 260, 3)).astype(np.uint8)
    y, x = np.mgrid[:260, :260] - 129.5
    mask = np.clip((40 - np.hypot(x, y)) / 4, 0, 1).astype(np.float32)
    blend = BLENDS[name]
    side = np.sqrt((mask > 0.5).sum())
    changed = np.argwhere((blend(other, frame, mask) != frame).any(-1))
    inside = np.argwhere(mask > 0)
    far = blend.reach_of(side)
    assert (changed.min(0) >= inside.min(0) - far).all()
    assert (changed.max(0) <= inside.max(0) + far).all()
    assert far or blend.reach is None


def option_help(command: str, option: str) -> str:
    parser = build_parser()
    with pytest.raises(SystemExit), redirect_stdout(io.StringIO()) as printed:
        parser.parse_args([command, "--help"])
    return printed.getvalue().split(f"\n  {option} ")[1].split("\n  --")[0]


@every_kind
def test_the_help_and_the_docs_name_all(kind):
    """The help of `convert` and the tables of the docs follow."""
    names = list(REGISTRIES[kind])
    folder = ROOT / "deepface_models" / "conversion"
    assert names_in(folder, f"register_{kind}") == sorted(names)
    text = option_help("convert", f"--{kind}")
    assert all(name in text for name in names)
    page = (ROOT / "docs" / "conversion.md").read_text(encoding="utf-8")
    table = page.split(f"| {kind} |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == names


@every_kind
def test_unknown_names_say_what_was_meant(kind, model):
    name = next(iter(REGISTRIES[kind]))
    with pytest.raises(ValueError, match=f"{kind}='{name}s' was given.*mean '{name}'"):
        Converter(model, "ben", **{kind: f"{name}s"})


def one():
    return 1


def two():
    return 2


def test_one_name_for_each():
    registry = Registry("mask")
    registry.function("oval")(one)
    registry.function("oval")(one)  # a cell of a notebook that is run again
    with pytest.raises(ValueError, match=r"mask 'oval' is registered twice, by .*one"):
        registry.function("oval")(two)
    assert list(registry) == ["oval"] and registry["oval"] is one
    for name in ("a*b", "Hull", ""):
        with pytest.raises(ValueError, match="lower-case letters"):
            registry.function(name)(one)


def test_a_mask_of_another_shape_is_explained(frame, face, model):
    register_mask("flat")(lambda image, aligned, landmarks: np.ones(7))
    with pytest.raises(ValueError, match=r"mask 'flat' returned the shape \(7,\)"):
        swap(frame, face, model, mask="flat")


def test_a_color_transfer_of_another_shape_is_explained(frame, face, model):
    register_color("flat")(lambda face: face.image[..., 0])
    with pytest.raises(ValueError, match=r"'flat' returned the shape \(96, 96\)"):
        swap(frame, face, model, color="flat")


def test_a_blend_is_called_with_three_arrays():
    with pytest.raises(TypeError):
        Blend(lambda face, frame: frame)(*np.zeros((2, 4, 4, 3)), np.zeros((4, 4)))
