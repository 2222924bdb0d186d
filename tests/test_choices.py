"""Values chosen by name: one message for all, with the nearest known name."""

from __future__ import annotations

import numpy as np
import pytest

from deepface_models.core.choices import choose, suggestion


def test_what_is_known_comes_back():
    assert choose("mask", "hull", ("hull", "ellipse")) == "hull"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("hul", "mask='hul' was given. Expected one of 'hull', 'ellipse'. Did you "),
        ("HULL", "mask='HULL' was given. .*Did you mean 'hull'\\? Use \"hull\"\\.$"),
        ("xyz", "Expected one of 'hull', 'ellipse'. Use \"hull\"\\.$"),
        (None, "mask=None was given"),
        (np.zeros(2), "mask=array"),
    ],
)
def test_one_message_for_all(value, message):
    """One `choose`, with "did you mean"."""
    with pytest.raises(ValueError, match=message):
        choose("mask", value, ("hull", "ellipse"), 'Use "hull".')


def test_capitals_and_underscores_hide_no_suggestion():
    assert suggestion("vit_b_16", ["ViT-B-16"]) == " Did you mean 'ViT-B-16'?"
    assert suggestion("abc", ["xyz"]) == ""
