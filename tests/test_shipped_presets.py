"""Every preset that comes with the package: bytes, golden values, limits of size."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from deepface_models import load, presets, pretraining
from deepface_models.core.errors import IntegrityError

SHIPPED = [n for n in presets.list_models() if presets.describe(n)["folder"]]
PART, ALL = 16 * 10**6, 60 * 10**6  # bytes at most


def people_of(record):
    return ("ana", "ben") if record["shared"] else None


@pytest.mark.backend
@pytest.mark.parametrize("name", SHIPPED)
def test_a_loaded_preset_gives_its_golden_outputs(name):
    record = presets.describe(name)
    model = load(name, identities=people_of(record))
    found = presets.check_golden(model, name)
    assert found and max(found.values()) < 1e-4


def test_they_stay_small():
    home = presets.weights_folder()
    stored = [path for name in SHIPPED for path in (home / name).glob("*.h5")]
    sizes = [path.stat().st_size for path in stored]
    assert len(sizes) > len(SHIPPED) > 1
    assert max(sizes) < PART
    assert sum(sizes) < ALL
    every = [path.stat().st_size for path in home.rglob("*.h5")]
    assert len(every) > len(sizes)  # and networks that are no preset
    assert sum(every) < ALL


@pytest.mark.parametrize("name", SHIPPED)
def test_each_says_what_it_is_good_for(name):
    record = presets.describe(name)
    assert all(record[key] for key in ("limits", "not_for", "data", "results"))
    assert "changed" not in record["commit"]  # committed before it was trained
    # Those packed before the command line had `pretrain` name a script.
    old = record["command"].startswith("python benchmarks/pretrain")
    assert old or record["command"].startswith(pretraining.command(name))


def test_the_page_of_presets_has_a_row_for_each():
    """Step 3 of "Add a preset" could be forgotten."""
    page = (Path(__file__).parents[1] / "docs" / "presets.md").read_text("utf-8")
    rows = "".join(line for line in page.splitlines() if line.startswith("|"))
    assert [name for name in SHIPPED if f"`{name}`" not in rows] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_flipped_bit_anywhere_is_refused(name, tmp_path):
    record, whole = presets.describe(name), presets.fetch(name)
    rng = np.random.default_rng(0)
    for file in (*record["files"], "preset.json"):
        folder = tmp_path / file
        shutil.copytree(whole, folder)
        content = bytearray((folder / file).read_bytes())
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        (folder / file).write_bytes(content)
        with pytest.raises(IntegrityError):
            load(folder, identities=people_of(record))
