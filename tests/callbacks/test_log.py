"""`Log` hands scalars and images to a function, and changes nothing."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from callback_helpers import images, model, pairs, same

from deepface_models.callbacks import Log, SwapPreview

pytestmark = [pytest.mark.backend, pytest.mark.usefixtures("eager")]


@pytest.mark.slow_on_tensorflow
def test_a_tracker_gets_scalars_and_previews(tmp_path):
    calls = []
    preview = SwapPreview(tmp_path / "unused", images(), every=2, max_faces=2)
    log = Log(lambda *given: calls.append(given), {"swaps": preview}, every_batches=2)
    watched = model()
    history = watched.fit(pairs(), epochs=2, verbose=0, callbacks=[log]).history
    assert [step for *_, step in calls] == [2, 3, 5, 6]
    within, first, _, second = (scalars for scalars, *_ in calls)
    assert set(within) == {"batch_loss", *(f"batch_{n}_loss" for n in ("ana", "ben"))}
    assert second["loss"] == pytest.approx(history["loss"][1])
    assert (first["epoch"], second["epoch"]) == (1.0, 2.0)
    assert second["learning_rate"] == pytest.approx(1e-3)
    assert all(type(v) is float for scalars, *_ in calls for v in scalars.values())
    shown = [list(pictures) for _, pictures, _ in calls]
    assert shown == [[], [], [], ["swaps"]]
    np.testing.assert_array_equal(calls[-1][1]["swaps"], preview.draw())
    assert not (tmp_path / "unused").exists()
    plain = model()
    plain.fit(pairs(), epochs=2, verbose=0)
    assert same(plain, watched)


def test_a_preview_has_to_draw():
    with pytest.raises(ValueError, match="Expected a callback that draws"):
        Log(print, {"swaps": keras.callbacks.TerminateOnNaN()})


def test_an_error_of_the_tracker_ends_the_training():
    def broken(scalars, pictures, step):
        raise ConnectionError("no tracker")

    with pytest.raises(ConnectionError, match="no tracker"):
        model().fit(pairs(), verbose=0, callbacks=[Log(broken)])
