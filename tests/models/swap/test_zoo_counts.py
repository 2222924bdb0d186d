"""Every published count of parameters, without allocating one of them."""

from __future__ import annotations

import math

import keras
import pytest

from deepface_models.models import architectures, create

# Of forms that are no row of a table. "u" and "c" of SAEHD have no parameters.
MORE = [
    ("dlight", {"output_size": 128}, 115_299_382),
    ("dlight", {"output_size": 384}, 190_805_046),
    ("dlight", {"quality": "low"}, 104_503_318),
    ("dlight", {"quality": "fair"}, 127_073_846),
    ("saehd", {"architecture": "df-uc"}, 57_538_432),
    ("saehd", {"architecture": "df-d"}, 54_470_998),
    ("saehd", {"architecture": "df-t"}, 90_783_616),
    ("saehd", {"architecture": "df-udtc"}, 87_716_182),
    ("saehd", {"architecture": "liae"}, 94_963_328),
    ("saehd", {"architecture": "liae-t"}, 90_124_224),
    ("saehd", {"architecture": "liae-udtc"}, 77_537_451),
]
# Two people. From MODELS.md: ten of faceswap's built classes; the others follow from
# the published layers.
COUNTS = [
    *((name, {}, one.parameters) for name, one in architectures("swap").items()),
    *(
        (name, form.arguments, form.parameters)
        for name, one in architectures("swap").items()
        for form in one.forms.values()
    ),
    *MORE,
]
COUNTS = [row for row in COUNTS if row[2] is not None]
OUTPUT = {"dfaker": 2, "dlight": 2, "realface": 2}


def count(model: keras.Model) -> int:
    return sum(math.prod(weight.shape) for weight in model.weights)


@pytest.mark.parametrize(("name", "arguments", "published"), COUNTS)
def test_parameters_are_those_that_were_published(name, arguments, published):
    with keras.StatelessScope(initialize_variables=False):
        model = create(name, identities=("ana", "ben"), **arguments)
        total = count(model)
        parts = sum(count(part) for part in model.parts.values())
    assert total == published, f"{name} has {total:_} parameters, not {published:_}"
    assert parts == published
    if not arguments:
        larger = OUTPUT.get(name, 1)  # a new name belongs there if it enlarges
        assert model.output_size == larger * model.image_size
        assert model.image_size == architectures()[name].image_size


def test_no_published_count_is_missing():
    assert len(COUNTS) >= 28
