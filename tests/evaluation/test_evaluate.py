from __future__ import annotations

import json

import numpy as np
import pytest
from evaluate_helpers import CLIPS, SIZE, FlashingModel, SameModel

from deepface_models.conversion.converter import Converter
from deepface_models.core.errors import FaceNotFoundError, MediaError
from deepface_models.evaluation import evaluate
from deepface_models.evaluation.frames import choose, read_back
from deepface_models.faces import FaceAligner, FaceSet


@pytest.fixture
def options(target_faces, source_faces, aligner):
    sets = {
        "target_faces": target_faces,
        "source_faces": source_faces,
        "aligner": aligner,
    }
    return {"identity": "mb", **sets, "progress": False}


@pytest.mark.slow
def test_a_model_that_changes_nothing_leaks_and_moves_along(kept):
    swap = kept.summary["swap"]
    assert swap["source_distance"] < 0.4 < 0.6 < swap["target_distance"]
    assert swap["target_share"] == 0 and swap["found"] == 1
    assert swap["pose"] < 1
    assert swap["landmarks"] < 0.015 and swap["motion"] < 0.015
    assert swap["mouth"] > 0.9
    assert swap["ssim"] > 0.99 and swap["psnr"] > 50
    assert swap["seam"] == pytest.approx(1, abs=0.1)
    assert swap["jitter"] == pytest.approx(1, abs=0.5)
    assert swap["flicker"] == pytest.approx(1, abs=0.3)


def test_the_unchanged_source_is_perfect_but_for_the_identity(kept):
    source = kept.summary["source"]
    for key in ("pose", "motion", "landmarks"):
        assert source[key] == pytest.approx(0, abs=1e-12)
    for key in ("mouth", "eyes", "seam", "jitter", "flicker", "found"):
        assert source[key] == pytest.approx(1)
    assert source["target_share"] == 0
    assert np.isnan(source["ssim"])
    # What is left is that the two people's mean faces differ.
    assert source["expression"] > 0.01


def test_the_mean_face_has_the_identity_but_does_not_move(kept):
    mean_face = kept.summary["mean_face"]
    assert mean_face["target_share"] == 1
    assert mean_face["target_distance"] < 0.6 < mean_face["source_distance"]
    assert mean_face["motion"] > 2 * kept.summary["swap"]["motion"]
    assert mean_face["mouth"] < 0.8
    assert mean_face["ssim"] < kept.summary["swap"]["ssim"]


def test_identity_is_measured_on_every_kth_frame_only(kept, held_out):
    asked = np.isfinite(kept.arrays["swap"]["target_distance"])
    assert np.flatnonzero(asked).tolist() == list(range(0, len(held_out), 5))
    for arrays in kept.arrays.values():
        assert {len(v) for v in arrays.values()} == {len(held_out)}


def test_the_table_names_people_frames_and_columns(kept):
    text = kept.table()
    for part in ("s1 replaced by mb in 20 frames of prwd6p.mpg", "unchanged", "0.6"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 88
    assert "nan" not in text


def test_json_is_strict_and_written_whole(kept, tmp_path):
    values = kept.to_json(tmp_path / "report.json")
    text = json.dumps(values, allow_nan=False)
    assert json.loads(
        (tmp_path / "report.json").read_text(encoding="utf-8")
    ) == json.loads(text)
    assert values["measures"]["source"]["ssim"] is None
    assert len(values["per_frame"]["swap"]["seam"]) == len(values["frames"]) == 20


@pytest.mark.slow
def test_flashes_and_hard_edges_are_seen(kept, held_out, options):
    model = FlashingModel()
    converter = Converter(
        model, "mb", color="none", blend="alpha", feather=0.0, batch_size=8
    )
    result = evaluate(
        model, held_out, converter=converter, limit=8, embed_every=9, **options
    )
    assert len(result.frames) == 8
    swap = result.summary["swap"]
    assert swap["seam"] > 1.1
    assert swap["flicker"] > 10 and swap["flicker_levels"] > 10
    assert swap["ssim"] < kept.summary["swap"]["ssim"]


def test_a_video_is_searched_for_the_replaced_person(options, monkeypatch, held_out):
    asked = {}

    def extract(self, source, **settings):
        asked.update(settings, source=source, embeddings=self.embeddings)
        return held_out

    monkeypatch.setattr(FaceAligner, "extract", extract)
    counted = []
    path = CLIPS / "s1" / "prwd6p.mpg"
    options["progress"] = lambda done, total: counted.append((done, total))
    result = evaluate(SameModel(), path, limit=4, embed_every=4, **options)
    assert asked["source"] == path and asked["person"] is options["source_faces"]
    assert asked["embeddings"] == 4 and not options["aligner"].embeddings
    assert counted == [(4, 4)] and len(result.frames) == 4


def test_no_frame_is_decoded_twice(held_out, options):
    model = SameModel()
    evaluate(model, held_out, limit=4, embed_every=9, **options)
    assert model.seen == 2 * 4  # the swap and the reconstruction


@pytest.mark.slow
def test_somebody_unknown_is_moved_from_the_mean_of_their_faces(held_out, options):
    class Moving(SameModel):
        shifts_latents = True

        def encode(self, images, batch_size=32):
            return np.asarray(images, np.float32).mean((1, 2))

        def predict(self, x, *, identity, source_identity=None):
            self.source_identity = source_identity
            return super().predict(x, identity=identity)

    model, told = Moving(), {**options, "limit": 2, "embed_every": 9}
    result = evaluate(model, held_out, source_identity="anybody", **told)
    mean = model.encode(options["source_faces"].images).mean(0)
    np.testing.assert_allclose(model.source_identity, mean, rtol=1e-5)
    assert result.source_identity is None and np.isnan(result.summary["swap"]["ssim"])
    converter = Converter(model, "mb", source_identity=mean + 1)
    result = evaluate(model, held_out, converter=converter, **told)
    np.testing.assert_array_equal(model.source_identity, mean + 1)
    assert result.source_identity is None


@pytest.mark.slow
def test_five_landmarks_measure_all_but_the_expression(
    held_out, target_faces, source_faces
):
    def five(faces):
        few = FaceSet(SIZE, landmarks=5)
        for record in faces.select(range(6)).records:
            face = record.face
            points = face.landmarks[[45, 42, 36, 39, 33]]
            kept = type(face)(**{**vars(face), "landmarks": points})
            few.append(kept, record.image, record.source, record.frame)
        return few

    result = evaluate(
        SameModel(),
        five(held_out),
        identity="mb",
        target_faces=five(target_faces),
        source_faces=five(source_faces),
        embed_every=9,
        progress=False,
    )
    assert np.isnan(result.summary["swap"]["expression"])
    assert result.summary["swap"]["pose"] < 8
    assert "only with landmarks=68" in result.table()


def test_runs_are_spread_evenly_and_end_at_gaps(held_out):
    assert {frame.run for frame in choose(held_out, held_out.embeddings)} == {0}
    frames = choose(held_out, held_out.embeddings, limit=6)
    assert [frame.frame for frame in frames] == list(range(24, 30))
    gap = held_out.select([0, 1, 2, 8, 9, 10])
    assert [s.run for s in choose(gap, gap.embeddings)] == [0, 0, 0, 1, 1, 1]
    every_second = held_out.select(range(0, 20, 2))
    assert {s.run for s in choose(every_second, every_second.embeddings)} == {0}
    many = FaceSet(SIZE)
    for number in range(200):
        record = held_out.records[number % 20]
        many.append(record.face, record.image, "a.mp4", number)
    spread = choose(many, many.embeddings, limit=48)
    assert [s.frame for s in spread] == [*range(24), *range(176, 200)]
    assert [s.run for s in spread] == [0] * 24 + [1] * 24


def test_of_several_faces_the_replaced_persons_is_taken(held_out, target_faces):
    crowd = FaceSet(SIZE)
    for record in (target_faces.records[0], held_out.records[0]):
        crowd.append(record.face, record.image, "a.mp4", 7)
    (frame,) = choose(crowd, held_out.embeddings)
    assert frame.face is held_out.faces[0]


def test_frames_are_read_back_as_they_were(held_out, aligner):
    frames = list(read_back(choose(held_out, held_out.embeddings)[:3]))
    for frame, image in zip(frames, held_out.images, strict=False):
        np.testing.assert_array_equal(aligner.align(frame.image, frame.face), image)


def test_sources_that_changed_are_named(held_out):
    record = held_out.records[0]
    late = FaceSet(SIZE)
    late.append(record.face, record.image, record.source, 5000)
    with pytest.raises(MediaError, match="has no frame number 5000"):
        list(read_back(choose(late, held_out.embeddings)))
    gone = FaceSet(SIZE)
    gone.append(record.face, record.image, "gone.mp4", 0)
    with pytest.raises(FileNotFoundError, match=r"gone\.mp4"):
        list(read_back(choose(gone, held_out.embeddings)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"embed_every": 0}, "embed_every=0"),
        ({"limit": 0}, "limit=0"),
        ({"aligner": FaceAligner(SIZE, landmarks=5)}, "different .face type"),
        ({"converter": Converter(SameModel(), "s1")}, "A converter for identity='s1'"),
    ],
)
def test_wrong_options_say_what_to_do(held_out, options, change, message):
    with pytest.raises(ValueError, match=message):
        evaluate(SameModel(), held_out, **{**options, **change})


def test_empty_sets_are_refused(held_out, options):
    with pytest.raises(FaceNotFoundError, match="source without faces"):
        evaluate(SameModel(), FaceSet(SIZE), **options)
    with pytest.raises(FaceNotFoundError, match="embedding"):
        evaluate(SameModel(), held_out, **{**options, "target_faces": FaceSet(SIZE)})


def test_mean_face_decodes_the_mean_at_any_size(mean_face, target_faces):
    decoded = mean_face.predict(np.zeros((3, SIZE, SIZE, 3), np.uint8), identity="mb")
    assert decoded.shape == (3, SIZE, SIZE, 4) and decoded.dtype == np.float32
    np.testing.assert_allclose(
        decoded[1, ..., :3], target_faces.images.mean(0) / 255, atol=1e-5
    )
    small = type(mean_face)({"mb": target_faces}, 64).predict(
        np.zeros((1, 64)), identity="mb"
    )
    assert small.shape == (1, 64, 64, 4) and 0 <= small.min() <= small.max() <= 1
