"""Names of people that every file system can distinguish."""

from __future__ import annotations

import numpy as np
import pytest

from deepface_models.core.names import LONGEST_NAME, check_names
from deepface_models.data import SwapPairs
from deepface_models.faces import FaceSet
from deepface_models.models.swap import FaceSwapGAN, Swift

SMALL = {"image_size": 64, "latent_size": 8, "basis_size": 2}
BAD = [
    (("ana", "b" * 250), "250 letters"),
    (("ana", "b" * (LONGEST_NAME + 1)), "101 letters"),
    (("ana", "Ana"), "upper and lower case"),
    (("ana", "Zo\u00eb"), "'Zoe'"),
    (("ana", "Zoe\u0308"), "'Zoe'"),
    (("ana", "ana\x1b[2J"), "ana__2J"),
    (("ana", "../ana"), "beginning with a letter"),
    (("ana", 1), "beginning with a letter"),
    (("ana", "_ben"), "beginning with a letter"),
]


@pytest.mark.parametrize(("names", "says"), BAD)
def test_names_that_a_file_system_cannot_distinguish_are_refused(names, says):
    """Long names and names that collide are refused at construction."""
    with pytest.raises(ValueError, match=says):
        Swift(names, **SMALL)
    with pytest.raises(ValueError, match=says):
        SwapPairs({name: FaceSet(64) for name in names})


def test_training_refuses_them_before_it_opens_anything(tmp_path):
    """250 letters broke save_parts after the training."""
    from deepface_models import train

    sets = {"ana": tmp_path / "none", "b" * 250: tmp_path / "none"}
    with pytest.raises(ValueError, match="250 letters"):
        train(sets, tmp_path / "run")


def test_the_command_line_refuses_them(tmp_path, capsys):
    """ "Ana" and "ana" collide on disks that fold case."""
    from deepface_models.cli import main

    words = ["train", f"ana={tmp_path}", f"Ana={tmp_path}"]
    assert main([*words, "--output", str(tmp_path / "run")]) == 2
    assert "upper and lower case" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [Swift, FaceSwapGAN])
def test_adding_a_person_of_nearly_the_same_name_is_refused(kind):
    """A new person is checked against those who are there."""
    sizes = SMALL if kind is Swift else {}
    model = kind(("ana", "ben"), **sizes)
    with pytest.raises(ValueError, match="'ana' and 'ANA'"):
        model.add_identity("ANA")


@pytest.mark.slow
def test_the_longest_name_can_be_saved(tmp_path):
    """What is accepted can also be written."""
    names = ("ana", "z" * LONGEST_NAME)
    assert check_names(names) == names
    model = Swift(names, **SMALL)
    model.save_parts(tmp_path / "model")
    faces = np.zeros((1, 64, 64, 3), "uint8")
    from deepface_models import load

    again = load(tmp_path / "model").predict(faces, identity=names[1])
    assert np.array_equal(again, model.predict(faces, identity=names[1]))
