"""Every published count of parameters, without allocating one of them."""

from __future__ import annotations

import math

import keras
import pytest

from deepface_models.models import swap

# Two people. From MODELS.md: ten of faceswap's built classes; the others follow from
# the published layers.
COUNTS = [
    ("Original", {}, 82_062_470),
    ("Original", {"low_memory": True}, 60_565_126),
    ("Lightweight", {}, 51_066_374),
    ("IAE", {}, 117_816_003),
    ("DFaker", {}, 113_330_822),
    ("DFaker", {"image_size": 128}, 258_046_598),
    ("DFLH128", {}, 107_716_102),
    ("DFLSAE", {}, 130_008_718),
    ("DFLSAE", {"architecture": "liae"}, 121_746_593),
    ("DLight", {"output_size": 128}, 115_299_382),
    ("DLight", {}, 143_614_006),
    ("DLight", {"output_size": 384}, 190_805_046),
    ("DLight", {"quality": "low"}, 104_503_318),
    ("DLight", {"quality": "fair"}, 127_073_846),
    ("RealFace", {}, 238_241_676),
    ("Unbalanced", {}, 207_046_186),
    ("Villain", {}, 155_115_014),
    ("Quick96", {}, 38_294_330),
    ("SAEHD", {}, 82_376_555),
    ("SAEHD", {"architecture": "df"}, 57_538_432),
    # "u" and "c" have no parameters.
    ("SAEHD", {"architecture": "df-uc"}, 57_538_432),
    ("SAEHD", {"architecture": "df-d"}, 54_470_998),
    ("SAEHD", {"architecture": "df-t"}, 90_783_616),
    ("SAEHD", {"architecture": "df-udtc"}, 87_716_182),
    ("SAEHD", {"architecture": "liae"}, 94_963_328),
    ("SAEHD", {"architecture": "liae-t"}, 90_124_224),
    ("SAEHD", {"architecture": "liae-udtc"}, 77_537_451),
    ("AMP", {}, 101_345_195),
]
OUTPUT = {"DFaker": 2, "DLight": 2, "RealFace": 2}


def count(model: keras.Model) -> int:
    return sum(math.prod(weight.shape) for weight in model.weights)


@pytest.mark.parametrize(("name", "arguments", "published"), COUNTS)
def test_parameters_are_those_that_were_published(name, arguments, published):
    with keras.StatelessScope(initialize_variables=False):
        model = getattr(swap, name)(("ana", "ben"), **arguments)
        total = count(model)
        parts = sum(count(part) for part in model.parts.values())
    assert total == published
    assert parts == published
    if not arguments:
        assert model.output_size == OUTPUT.get(name, 1) * model.image_size
