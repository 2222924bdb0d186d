"""Parts that are frozen, and parts taken from other models."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import IntegrityError, load
from deepface_models.data import SwapPairs
from deepface_models.models.autoencoders import ConvolutionalAutoencoder
from deepface_models.models.swap import DFLSAE, IAE, FaceSwap, Lightweight, Swift

pytestmark = pytest.mark.usefixtures("eager")

SWIFT = {"image_size": 64, "latent_size": 8, "basis_size": 3}
SMALL = {"image_size": 32, "width": 0.02}


def randomize(model, seed=0):
    rng = np.random.default_rng(seed)
    for _, part in sorted(model.parts.items()):
        part.set_weights([rng.normal(0, 0.1, w.shape) for w in part.get_weights()])
    return model


def swift(names=("ana", "ben"), seed=0, **kwargs) -> FaceSwap:
    return randomize(Swift(names, **{**SWIFT, **kwargs}), seed)


def liae(names=("ana", "ben"), target="ana", seed=0) -> FaceSwap:
    return randomize(DFLSAE(names, 32, "liae", target=target, width=0.02), seed)


def same(one, other) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def weights(model) -> dict[str, list[np.ndarray]]:
    return {name: part.get_weights() for name, part in model.parts.items()}


def moved(model, before) -> set[str]:
    return {
        name
        for name, part in model.parts.items()
        if not all(map(np.array_equal, part.get_weights(), before[name]))
    }


# Frozen parts


@pytest.mark.slow
@pytest.mark.backend
def test_frozen_parts_do_not_learn_and_others_do(people):
    model = swift()
    model.freeze("encoder", "decoder.ana")
    assert model.frozen == ("encoder", "decoder.ana")
    model.compile()
    before = weights(model)
    model.fit(SwapPairs(people, 2, steps=1), verbose=0)
    assert moved(model, before) == {"shared_decoder", "decoder.ben"}


@pytest.mark.slow
def test_parts_learn_again(people):
    model = swift()
    data = SwapPairs(people, 1, steps=1)
    model.freeze("encoder", "shared_decoder")
    model.compile(run_eagerly=True)
    model.fit(data, verbose=0)
    model.unfreeze("shared_decoder")
    assert model.frozen == ("encoder",)
    with pytest.raises(ValueError, match="compile"):
        model.fit(data, verbose=0)
    model.unfreeze()
    assert model.frozen == ()
    model.compile(run_eagerly=True)
    before = weights(model)
    model.fit(data, verbose=0)
    assert moved(model, before) == set(model.parts)


@pytest.mark.slow
def test_freezing_what_is_frozen_asks_for_nothing(people):
    model = swift()
    model.freeze("shared_decoder")
    model.compile(run_eagerly=True)
    model.freeze("shared_decoder")
    model.unfreeze("encoder")
    model.fit(SwapPairs(people, 1, steps=1), verbose=0)
    assert model.frozen == ("shared_decoder",)


@pytest.mark.slow
def test_a_new_person_learns_beside_frozen_parts(people):
    model = swift()
    model.freeze("encoder", "shared_decoder", "decoder.ana", "decoder.ben")
    larger = model.add_identity("zoe")
    assert larger.frozen == model.frozen
    everybody = {**people, "zoe": people["ben"].select(range(4))}
    data = SwapPairs(everybody, 2, steps=1)
    larger.compile(run_eagerly=True)
    before = weights(larger)
    larger.fit(data, verbose=0)
    assert moved(larger, before) == {"decoder.zoe"}


@pytest.mark.slow
def test_what_is_frozen_is_a_setting_of_the_training(tmp_path):
    model = swift()
    config = model.get_config()
    model.freeze("encoder")
    assert model.get_config() == config
    model.save(tmp_path / "model.keras")
    model.save_parts(tmp_path / "model")
    for loaded in (load(tmp_path / "model.keras"), load(tmp_path / "model")):
        assert loaded.frozen == ()
        assert same(loaded.encoder, model.encoder)


def test_autoencoders_freeze_too():
    model = ConvolutionalAutoencoder(image_shape=(8, 8, 3), widths=(4,))
    model.freeze("encoder")
    model.compile(optimizer=keras.optimizers.SGD(0.5), run_eagerly=True)
    before = weights(model)
    x = np.random.default_rng(0).random((4, 8, 8, 3)).astype("float32")
    model.fit(x, verbose=0)
    assert moved(model, before) == {"decoder"}


def test_unknown_parts_are_named():
    model = swift()
    with pytest.raises(ValueError, match=r"part='encodr' was given.*mean 'encoder'\?"):
        model.freeze("shared_decoder", "encodr")
    assert model.frozen == ()
    with pytest.raises(
        ValueError, match=r"'inter'.*'shared_decoder', 'decoder\.ana', 'dec"
    ):
        model.unfreeze("inter")
    with pytest.raises(ValueError, match=r"No part.*Use freeze\('encoder'\)"):
        model.freeze()


# Parts of other models


@pytest.mark.parametrize("way", ["model", "folder", "file"])
@pytest.mark.slow
def test_shared_parts_are_taken_by_default(tmp_path, way):
    source, model = swift(("ana", "ben"), 1), swift(("ana", "zoe"), 2)
    given = source
    if way == "folder":
        given = source.save_parts(tmp_path / "model")
    if way == "file":
        given = tmp_path / "model.keras"
        source.save(given)
    before = weights(model)
    assert model.take_parts(given) == ("encoder", "shared_decoder")
    assert same(model.encoder, source.encoder)
    assert same(model.shared_decoder, source.shared_decoder)
    assert moved(model, before) == {"encoder", "shared_decoder"}


def test_only_what_fits_is_taken_by_default():
    source, model = swift(seed=1, latent_size=9), swift(seed=2)
    before = weights(model)
    assert model.take_parts(source) == ("shared_decoder",)
    assert moved(model, before) == {"shared_decoder"}


def test_named_parts_are_taken():
    source, model = swift(seed=1), swift(seed=2)
    before = weights(model)
    assert model.take_parts(source, "encoder") == ("encoder",)
    assert moved(model, before) == {"encoder"}
    assert model.take_parts(source, ("decoder.ana", "shared_decoder")) == (
        "decoder.ana",
        "shared_decoder",
    )
    assert moved(model, before) == {"encoder", "shared_decoder", "decoder.ana"}


def test_parts_of_other_people_have_to_be_asked_for():
    source, model = swift(("ana", "ben"), 1), swift(("ana", "zoe"), 2)
    with pytest.raises(ValueError, match=r"part='decoder\.zoe' was given"):
        model.take_parts(source, ("decoder.zoe",))
    with pytest.raises(
        ValueError, match=r"part='decoder\.ben' was given.*'decoder\.zoe'"
    ):
        model.take_parts(source, ("decoder.ben",))
    pairs = {"decoder.zoe": "decoder.ben"}
    assert model.take_parts(source, pairs) == ("decoder.zoe",)
    assert same(model.decoders["zoe"], source.decoders["ben"])


def test_a_model_trades_parts_with_itself():
    model = swift()
    ana, ben = (model.decoders[n].get_weights() for n in ("ana", "ben"))
    model.take_parts(
        model, {"decoder.ana": "decoder.ben", "decoder.ben": "decoder.ana"}
    )
    assert all(map(np.array_equal, model.decoders["ana"].get_weights(), ben))
    assert all(map(np.array_equal, model.decoders["ben"].get_weights(), ana))


@pytest.mark.slow
def test_the_shared_inter_of_liae_is_that_of_the_target():
    source, model = liae(seed=1), liae(target="ben", seed=2)
    before = weights(model)
    assert model.take_parts(source) == ("encoder", "decoder")
    with pytest.raises(ValueError, match=r"ben's own here and ana's own there.*inter"):
        model.take_parts(source, ("encoder", "inter"))
    assert moved(model, before) == {"encoder", "decoder"}
    model.take_parts(source, {"inter": "inter"})
    assert same(model.parts["inter"], source.parts["inter"])
    other = liae(seed=3)
    assert other.take_parts(source, ["inter", "inter.ben"]) == ("inter", "inter.ben")


def test_a_shared_inter_beside_own_ones_is_shared():
    source, model = (randomize(IAE(("ana", "ben"), **SMALL), n) for n in (1, 2))
    assert set(model.take_parts(source)) == {"encoder", "inter", "decoder"}


def test_parts_that_differ_are_refused_before_anything_changes():
    source, model = swift(seed=1, latent_size=9), swift(seed=2)
    before = weights(model)
    with pytest.raises(
        ValueError, match=r"'encoder' does not fit.*\(2048, 9\) there and \(2048, 8\)"
    ):
        model.take_parts(source, ("shared_decoder", "encoder"))
    with pytest.raises(
        ValueError, match=r"'shared_decoder' does not.*\d+ weights there and \d"
    ):
        model.take_parts(source, {"encoder": "shared_decoder"})
    other = randomize(Lightweight(("ana", "ben"), **SMALL))
    with pytest.raises(
        ValueError, match=r"None of this model's parts 'encoder', 'shared_decoder'"
    ):
        model.take_parts(other)
    assert not moved(model, before)


@pytest.mark.slow
def test_wrong_sources_are_named(tmp_path):
    model = swift()
    with pytest.raises(ValueError, match="A list was given to take parts from"):
        model.take_parts([1])
    with pytest.raises(FileNotFoundError, match="Nothing is at"):
        model.take_parts(tmp_path / "none")
    folder = model.save_parts(tmp_path / "model")
    (folder / "shared_decoder.weights.h5").write_bytes(b"broken")
    with pytest.raises(IntegrityError, match="shared_decoder"):
        model.take_parts(folder)


def test_autoencoders_take_parts_too():
    one, other = (
        randomize(ConvolutionalAutoencoder(image_shape=(8, 8, 3), widths=(4,)), n)
        for n in (1, 2)
    )
    assert one.take_parts(other) == ("encoder", "decoder")
    assert same(one.decoder, other.decoder)
