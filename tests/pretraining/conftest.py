"""Small data laid out as DATA is, and a registry of the tests' own."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from pretraining_helpers import CLIPS, FACES

from deepface_models import presets
from deepface_models.presets import registry
from deepface_models.pretraining.views import gather

# Near to YuNet's, of 68; the tip of the nose is not among those placed by hand.
FIVE = ([36, 39], [42, 45], [39, 42, *[33] * 6], [48], [54])


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """DATA with portraits: three images as those of 24 people, with an index."""
    folder = tmp_path_factory.mktemp("data") / "portraits"
    folder.mkdir()
    truth = json.loads((FACES / "truth.json").read_text(encoding="utf-8"))
    files = [f"london_{n:03}_neutral.jpg" for n in (5, 19, 31)]
    with (folder / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "person", "license", "lm5", "note"))
        for number in range(24):
            name = files[number % 3]
            marks = truth[name]["landmarks"]
            points = [np.mean([marks[str(i)] for i in one], axis=0) for one in FIVE]
            place = folder / "london_smiling" / f"{number}.jpg"
            place.parent.mkdir(exist_ok=True)
            place.write_bytes((FACES / name).read_bytes())
            text = " ".join(f"{value:.1f}" for point in points for value in point)
            note = "female 24" if number % 2 else "male NA"
            row = (f"london_smiling/{number}.jpg", f"p{number}", "CC-BY-4.0")
            writer.writerow((*row, text, note))
    return folder.parent


@pytest.fixture(scope="session")
def talkers(tmp_path_factory):
    """DATA with two talkers of a clip each and five people with an image each."""
    folder = tmp_path_factory.mktemp("talking")
    for name in ("s1", "mb"):
        (folder / "talkers" / name).mkdir(parents=True)
        clip = next((CLIPS / name).glob("*.mpg"))
        (folder / "talkers" / name / clip.name).write_bytes(clip.read_bytes())
    (folder / "portraits").mkdir()
    for path in sorted(FACES.glob("*_*.jpg")):
        if not path.name.startswith("skimage"):
            (folder / "portraits" / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="session")
def views(talkers, tmp_path_factory):
    """A talker with a clip, one left out, and five people with an image each."""
    return gather(talkers, 64, tmp_path_factory.mktemp("cache"), ["mb"])


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A folder that stands for the package's weights, with a registry of its own."""
    folder = tmp_path / "weights"
    folder.mkdir()
    file = tmp_path / "presets.json"
    file.write_text(json.dumps({"format": 1, "presets": {}}), encoding="utf-8")
    monkeypatch.setattr(registry, "REGISTRY", file)
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(tmp_path / "home"))
    for module in (presets, registry):
        monkeypatch.setattr(module, "weights_folder", lambda: folder)
    return folder
