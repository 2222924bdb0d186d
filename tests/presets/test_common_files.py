"""A file that two presets of the package have in common is stored once."""

from __future__ import annotations

import numpy as np
import pytest

from deepface_models import load, presets
from deepface_models.core.errors import IntegrityError
from deepface_models.presets import registry
from deepface_models.presets.common_files import delete_borrowed

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture
def twins(dense, monkeypatch, tmp_path):
    """Two presets of one model in `weights/`; the second one's weights are deleted."""
    home = tmp_path / "weights"
    for name in ("one", "two"):
        presets.save_preset(dense, home / name, license="Apache-2.0", data="noise")
    monkeypatch.setattr(registry, "weights_folder", lambda: home)
    delete_borrowed(home / "two")
    return home


def test_its_weights_are_found_by_name(twins):
    kept = {path.name for path in (twins / "two").iterdir()}
    assert not any(name.endswith(".h5") for name in kept) and "golden.npz" in kept
    one, two = load("one"), load("two")
    for first, second in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    assert two.started_from.startswith("two#sha256=")
    folder = presets.fetch("two")
    record = presets.describe("two")
    assert {path.name for path in folder.iterdir()} == {*record["files"], "preset.json"}
    assert max(presets.check_golden(two, "two").values()) < 1e-6


def test_a_damaged_copy_is_refused_and_made_again(twins):
    weights = next(presets.fetch("two").glob("*.h5"))
    good = weights.read_bytes()
    weights.write_bytes(b"damaged")
    with pytest.raises(IntegrityError, match="two"):
        load("two")
    presets.fetch("two", force=True)
    assert weights.read_bytes() == good


def test_a_file_that_no_preset_has_is_named(twins):
    weights = next((twins / "one").glob("*.h5"))
    weights.unlink()
    with pytest.raises(IntegrityError, match=weights.name.replace(".", r"\.")):
        load("two")


def test_other_weights_are_kept(dense, twins):
    other = type(dense).from_config(dense.get_config())
    presets.save_preset(other, twins / "three", license="Apache-2.0", data="noise")
    before = sorted((twins / "three").iterdir())
    delete_borrowed(twins / "three")
    assert sorted((twins / "three").iterdir()) == before


def test_equal_weights_get_the_bytes_of_the_preset_they_came_from(dense, twins):
    """Keras writes the names of layers too, of which one more was built since."""
    model = load("one")
    copy = type(dense).from_config(dense.get_config())
    copy.set_weights(model.get_weights())
    for origin, same in ((None, False), (model.started_from, True)):
        copy.started_from = origin
        presets.save_preset(copy, twins / "new", license="Apache-2.0", data="noise")
        for path in (twins / "new").glob("*.h5"):
            assert (path.read_bytes() == (twins / "one" / path.name).read_bytes()) == (
                same
            ), path.name
