"""Pixels in 0..255 and odd data in every form that Keras takes."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models.models.autoencoders import (
    ConvolutionalAutoencoder,
    SequenceAutoencoder,
    VariationalAutoencoder,
)
from deepface_models.models.swap import Swift

RNG = np.random.default_rng(0)
DIGITS = RNG.random((4, 8, 8, 1), "float32")
FACES = {n: RNG.random((4, 64, 64, 3), "float32") for n in ("ana", "ben")}
TARGETS = {n: RNG.random((4, 64, 64, 5), "float32") for n in ("ana", "ben")}
RANGE = "values from .* to 25.* were given"


class Batches(keras.utils.PyDataset):
    def __init__(self, *batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.batch


class Nothing(Batches):
    def __len__(self):
        return 0


def generator(*batch):
    yield batch
    yield batch


def tf_data(*batch):
    tensorflow = pytest.importorskip("tensorflow")
    # A batch of its own for each element, as `from_tensors` keeps them whole.
    return tensorflow.data.Dataset.from_tensors(batch)


def times_255(data):
    return keras.tree.map_structure(lambda a: a * 255, data)


@pytest.fixture(scope="module")
def plain():
    """Not to be trained."""
    model = ConvolutionalAutoencoder(image_shape=(8, 8, 1), widths=(2,))
    model.compile()
    return model


@pytest.fixture(scope="module")
def swap():
    """Not to be trained."""
    model = Swift(("ana", "ben"), 64, 8, 2)
    model.compile()
    return model


KINDS = pytest.mark.parametrize("kind", [Batches, generator, tf_data])


@pytest.mark.backend
@KINDS
def test_autoencoders_refuse_0_to_255_in_data_sets(plain, kind):
    """The loss was -870 or 43,039, without a message."""
    for method in (plain.fit, plain.evaluate, plain.predict):
        with pytest.raises(ValueError, match=RANGE):
            method(kind(DIGITS * 255), verbose=0)
    with pytest.raises(ValueError, match=RANGE):
        plain.fit(kind(DIGITS, DIGITS * 255), verbose=0)
    with pytest.raises(ValueError, match=RANGE):
        plain.fit(DIGITS, validation_data=kind(DIGITS * 255), verbose=0)


@pytest.mark.backend
@KINDS
def test_face_swaps_refuse_0_to_255_in_data_sets(swap, kind):
    """Check the first batch as arrays are checked."""
    for batch in ((times_255(FACES), TARGETS), (FACES, times_255(TARGETS))):
        for method in (swap.fit, swap.evaluate):
            with pytest.raises(ValueError, match=RANGE):
                method(kind(*batch), verbose=0)
    with pytest.raises(ValueError, match=RANGE):
        swap.predict(kind(times_255(FACES)), verbose=0)


@pytest.mark.backend
def test_face_swaps_refuse_0_to_255_in_dictionaries(swap):
    """Dictionaries are checked as arrays are."""
    for x, y in ((times_255(FACES), TARGETS), (FACES, times_255(TARGETS))):
        for method in (swap.fit, swap.evaluate):
            with pytest.raises(ValueError, match=RANGE):
                method(x, y, verbose=0)
        with pytest.raises(ValueError, match=RANGE):
            swap.fit(FACES, TARGETS, validation_data=(x, y), verbose=0)
    with pytest.raises(ValueError, match=RANGE):
        swap.predict(times_255(FACES), verbose=0)


def test_a_refused_batch_changes_nothing(swap):
    """The check comes before people get their first basis."""
    before = swap.get_weights()
    with pytest.raises(ValueError, match=RANGE):
        swap.fit(Batches(FACES, times_255(TARGETS)), verbose=0)
    for old, new in zip(before, swap.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.backend
def test_a_generator_keeps_its_first_batch(plain):
    """Looking at a generator's first batch does not use it up."""
    other = 1 - DIGITS
    rows = (rows for rows in [(DIGITS,), (other,)])
    drawn = plain.predict(rows, steps=2, verbose=0)
    expected = plain.predict(np.concatenate([DIGITS, other]), verbose=0)
    np.testing.assert_allclose(drawn, expected, atol=1e-6)


def test_sequences_may_have_any_range_but_no_nan():
    """Data that is no image is only checked for finite values."""
    model = SequenceAutoencoder((4, 1), 2, 3)
    model.compile()
    values = np.full((2, 4, 1), 255.0, "float32")
    assert np.isfinite(model.evaluate(Batches(values), verbose=0))
    with pytest.raises(ValueError, match="not finite"):
        model.evaluate(Batches(values * np.nan), verbose=0)


def test_empty_data_is_named(plain, swap):
    """Empty arrays and data sets get a message of ours."""
    with pytest.raises(ValueError, match="Nothing without a batch was given"):
        plain.fit(Nothing(DIGITS), verbose=0)
    with pytest.raises(ValueError, match="generator without a batch was given"):
        plain.fit((row for row in ()), verbose=0)
    none = {name: faces[:0] for name, faces in FACES.items()}
    with pytest.raises(ValueError, match=r"shape \(0, 64, 64, 3\).*'ana'.*1 or more"):
        swap.fit(none, TARGETS, verbose=0)
    with pytest.raises(ValueError, match=r"shape \(0, .*for 'ana'.*1 or more"):
        swap.fit(FACES, {n: t[:0] for n, t in TARGETS.items()}, verbose=0)
    with pytest.raises(ValueError, match=r"shape \(0, 64, 64, 3\) were given"):
        swap.predict(none["ana"], identity="ben")


def test_what_is_no_data_for_a_face_swap_is_named(swap, tmp_path):
    """Arrays, paths, tables and data sets: our own message."""
    faces = FACES["ana"]
    with pytest.raises(ValueError, match=r"ndarray of shape .*keyed by identity"):
        swap.fit(faces, faces, verbose=0)
    with pytest.raises(ValueError, match="Give `identity` for one person's faces"):
        swap.predict(faces)
    with pytest.raises(ValueError, match=r"Path was given.*read_image\(path\)"):
        swap.predict(tmp_path / "ana.png", identity="ben")
    with pytest.raises(ValueError, match=r"np.concatenate\(list\(batches\)\)"):
        swap.predict(tf_data(faces), identity="ben")
    with pytest.raises(ValueError, match="Faces without targets"):
        swap.fit(FACES, verbose=0)
    with pytest.raises(ValueError, match=r"The faces of ana were given.*ana, ben"):
        swap.fit({"ana": faces}, TARGETS, verbose=0)
    with pytest.raises(ValueError, match="The targets of ana, zoe were given"):
        swap.fit(FACES, {"ana": faces, "zoe": faces}, verbose=0)


def test_tables_are_arrays():
    """DataFrames are taken, and checked, as arrays are."""
    pandas = pytest.importorskip("pandas")
    model = VariationalAutoencoder(image_shape=6, latent_size=2, widths=(3,))
    model.compile()
    rows = RNG.random((4, 6))
    table = pandas.DataFrame(rows)
    expected = model.evaluate(rows, verbose=0)
    assert model.evaluate(table, verbose=0) == pytest.approx(expected)
    np.testing.assert_allclose(model.encode(table), model.encode(rows))
    with pytest.raises(ValueError, match="Divide by 255"):
        model.fit(table * 255, verbose=0)


@pytest.mark.backend
@pytest.mark.slow_on_tensorflow
def test_weights_of_examples_weigh_examples(plain, swap):
    """`sample_weight` of images: each example's, for everybody."""
    first = np.array([1.0, 0.0, 0.0, 0.0])
    weighed = plain.evaluate(DIGITS, sample_weight=first, verbose=0)
    assert weighed == pytest.approx(plain.evaluate(DIGITS[:1], verbose=0) / 4, rel=1e-5)
    one = [{n: a[:1] for n, a in data.items()} for data in (FACES, TARGETS)]
    expected = np.array(swap.evaluate(*one, verbose=0)) / 4
    for given in (first, dict.fromkeys(FACES, first)):
        found = swap.evaluate(FACES, TARGETS, sample_weight=given, verbose=0)
        np.testing.assert_allclose(found[1:], expected[1:], rtol=1e-4)
    with pytest.raises(ValueError, match="The sample weights of ana were given"):
        swap.evaluate(FACES, TARGETS, sample_weight={"ana": first}, verbose=0)


def test_weights_of_classes_are_refused(plain, swap):
    """`class_weight` has no meaning where targets are images."""
    for model, data in ((plain, (DIGITS,)), (swap, (FACES, TARGETS))):
        with pytest.raises(ValueError, match=r"class_weight=.*sample_weight"):
            model.fit(*data, class_weight={0: 1.0}, verbose=0)
