"""From a model's output to the frame: masks, colors, blends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from convert_helpers import TintModel

from deepface_models.conversion import BLENDS, COLORS, MASKS, Converter, convert
from deepface_models.conversion._outputs import model_sha256
from deepface_models.faces import FaceAligner, embed, face_mask
from deepface_models.faces._reference import reference_embedding
from deepface_models.faces.detect import HogDetector
from deepface_models.media import write_image


@pytest.mark.parametrize("blend", sorted(BLENDS))
@pytest.mark.parametrize("color", COLORS)
def test_zero_mask_leaves_the_frame_bit_exact(frame, face, blend, color):
    converter = Converter(TintModel(mask=0.0), "ben", blend=blend, color=color)
    np.testing.assert_array_equal(converter.swap_faces([frame], [face])[0], frame)
    as_float = (frame / 255).astype(np.float32)
    result = converter.swap_faces([as_float], [face])[0]
    np.testing.assert_array_equal(result, as_float)


@pytest.mark.parametrize("mask", [*MASKS, "learned*hull", "ellipse * hull"])
def test_every_mask_swaps_the_face_only(frame, face, model, mask):
    converter = Converter(model, "ben", mask=mask, color="none", blend="alpha")
    before = frame.copy()
    result = converter.swap_faces([frame], [face])[0]
    np.testing.assert_array_equal(frame, before)
    changed = np.argwhere((result != frame).any(-1))
    x, y = face.box.center
    assert np.abs(changed.mean(0) - [y, x]).max() < face.box.width / 4
    assert len(changed) < 3 * face.box.area


@pytest.mark.parametrize("color", [c for c in COLORS if c != "none"])
def test_colors_come_from_the_frame(frame, face, color):
    def error(method: str) -> float:
        converter = Converter(TintModel(tint=0.4), "ben", color=method)
        result = converter.swap_faces([frame], [face])[0]
        box = [round(v) for v in face.box.as_tuple()]
        part = np.s_[box[1] : box[3], box[0] : box[2]]
        return float(np.abs(result[part].astype(int) - frame[part]).mean())

    assert error(color) < error("none") / 3, "a transfer brings the frame's colors"


def test_a_model_that_changes_nothing_changes_little(frame, face):
    converter = Converter(TintModel(tint=0.0), "ben")
    result = converter.swap_faces([frame], [face])[0]
    difference = np.abs(result.astype(int) - frame)
    assert difference.mean() < 0.3 and difference.max() < 40


def test_batches_do_not_change_the_result(frame, face, model):
    frames = [frame, frame[:, ::-1].copy(), frame // 2]
    large = Converter(model, "ben").swap_faces(frames, [face] * 3)
    small = Converter(model, "ben", batch_size=2).swap_faces(frames, [face] * 3)
    for one, other in zip(large, small, strict=True):
        np.testing.assert_array_equal(one, other)
    assert Converter(model, "ben").swap_faces([], []) == []


def test_model_and_aligner_may_differ_in_size(frame, face):
    small, large = TintModel(), TintModel()
    large.image_size = 192
    results = [
        Converter(m, "ben", color="none").swap_faces([frame], [face])[0].astype(int)
        for m in (small, large)
    ]
    assert np.abs(results[0] - results[1]).mean() < 1
    assert np.abs(results[1] - frame).max() > 20


def test_a_model_may_decode_larger_than_it_sees(frame, face):
    class Growing(TintModel):
        def predict(self, images, identity):
            return super().predict(images, identity).repeat(2, axis=1).repeat(2, axis=2)

    grown = Converter(Growing(), "ben", blend="alpha").swap_faces([frame], [face])[0]
    usual = Converter(TintModel(), "ben", blend="alpha").swap_faces([frame], [face])[0]
    assert np.abs(grown.astype(int) - usual).mean() < 1


@pytest.mark.parametrize("blend", sorted(BLENDS))
def test_a_face_partly_outside_the_frame(frame, face, model, blend):
    x, y = (round(v) for v in face.box.center)
    quarter = frame[y - 10 :, x - 10 :]
    shift = np.array([[1, 0, x - 10], [0, 1, y - 10]], float)
    moved = face.matrix.copy()
    moved[:, 2] += face.matrix[:, :2] @ shift[:, 2]
    cut = replace(face, matrix=moved, landmarks=face.landmarks - shift[:, 2])
    converter = Converter(model, "ben", blend=blend)
    part = converter.swap_faces([quarter], [cut])[0]
    assert (part != quarter).any() and part.shape == quarter.shape
    away = replace(cut, matrix=moved + np.array([[0, 0, 5000], [0, 0, 0]]))
    gone = converter.swap_faces([quarter], [away])[0]
    np.testing.assert_array_equal(gone, quarter)


def test_image_without_a_face_is_returned(aligner, model):
    image = np.full((80, 90, 3), 99, np.uint8)
    result, info = Converter(model, "ben", aligner=aligner).image(image)
    np.testing.assert_array_equal(result, image)
    assert info.faces == 0 and info.swapped is None


def test_an_image_of_a_few_pixels_is_left_alone(aligner, model):
    image = np.zeros((3, 2, 3), np.uint8)
    assert Converter(model, "ben", aligner=aligner).image(image)[1].swapped is None


def test_only_the_named_person_is_swapped(frame, other_frame, aligner, model, tmp_path):
    both = np.hstack([frame, other_frame])
    half = frame.shape[1]
    converter = Converter(model, "ben", aligner=aligner, color="none")
    embedding = embed(other_frame, aligner.detect(other_frame)[0])
    portrait = tmp_path / "other.png"
    write_image(portrait, other_frame)
    for person in (embedding, portrait, str(portrait), np.stack([embedding] * 2)):
        result, info = converter.image(both, person)
        assert info.faces == 2 and info.swapped.box.center[0] > half
        np.testing.assert_array_equal(result[:, :half], both[:, :half])
        assert (result[:, half:] != both[:, half:]).any()
    nobody, info = converter.image(frame, embedding)
    assert info.faces == 1 and info.swapped is None
    np.testing.assert_array_equal(nobody, frame)


def test_a_reference_must_be_an_embedding():
    with pytest.raises(ValueError, match=r"shape \(7,\).*\(128,\)"):
        reference_embedding(np.zeros(7), FaceAligner())


def test_side_by_side_and_mask(frame, face, aligner, model):
    wide, _ = Converter(model, "ben", aligner=aligner, side_by_side=True).image(frame)
    assert wide.shape == (frame.shape[0], 2 * frame.shape[1], 3)
    np.testing.assert_array_equal(wide[:, : frame.shape[1]], frame)
    shown, _ = Converter(model, "ben", aligner=aligner, debug="mask").image(frame)
    x, y = (round(v) for v in face.box.center)
    assert shown[y, x, 1] > shown[y, x, 0]
    np.testing.assert_array_equal(shown[:20], frame[:20])


def test_sharpen_and_erode(frame, face, model):
    def changed(**options):
        converter = Converter(model, "ben", blend="alpha", color="none", **options)
        return (converter.swap_faces([frame], [face])[0] != frame).any(-1).sum()

    assert changed(erode=0.1) < changed() < changed(mask="learned", erode=-0.1)
    plain = Converter(model, "ben", sharpen=0.0).swap_faces([frame], [face])[0]
    crisp = Converter(model, "ben", sharpen=1.0).swap_faces([frame], [face])[0]
    assert np.var(np.diff(crisp.astype(int), axis=1)) > np.var(
        np.diff(plain.astype(int), axis=1)
    )


@pytest.mark.parametrize(
    "options, message",
    [
        ({"identity": "bne"}, r"identity='bne'.*mean 'ben'"),
        ({"color": "reinhart"}, r"color='reinhart'.*mean 'reinhard'"),
        ({"blend": "x"}, r"blend='x'.*'laplacian'"),
        ({"mask": "oval"}, r"mask='oval' was given"),
        ({"debug": "matrix"}, r"debug='matrix'"),
        ({"feather": 2.0}, r"feather=2.0.*from 0 to 1"),
        ({"batch_size": 0}, r"batch_size=0"),
    ],
)
def test_wrong_options_are_explained(model, options, message):
    with pytest.raises(ValueError, match=message):
        Converter(model, **{"identity": "ben", **options})


def test_what_a_broken_model_decodes_is_refused(frame, face):
    class Broken(TintModel):
        def predict(self, images, identity):
            return super().predict(images, identity) * np.nan

    with pytest.raises(ValueError, match="not finite"):
        Converter(Broken(), "ben").swap_faces([frame], [face])

    class Flat(TintModel):
        def predict(self, images, identity):
            return super().predict(images, identity)[..., 0]

    with pytest.raises(ValueError, match=r"shape \(1, 96, 96\)"):
        Converter(Flat(), "ben").swap_faces([frame], [face])


def test_one_face_for_each_frame(frame, face, model):
    with pytest.raises(ValueError, match="2 frames and 1 faces"):
        Converter(model, "ben").swap_faces([frame, frame], [face])


def test_decoded_mask_follows_the_frames_face(frame, face):
    converter = Converter(TintModel(mask=1.0), "ben", mask="learned*hull")
    decoded = converter.decode([frame], [face])[0]
    np.testing.assert_array_equal(decoded.mask, face_mask(face.landmarks_aligned, 96))


def test_five_landmarks_are_a_complete_path(frame, model):
    five = FaceAligner(96, landmarks=5, embeddings=False, detector=HogDetector())
    for mask in ("learned*hull", "ellipse"):
        converter = Converter(model, "ben", aligner=five, mask=mask)
        result, info = converter.image(frame)
        assert info.swapped.landmarks.shape == (5, 2) and (result != frame).any()


def test_an_untrained_swift_fits(frame, face):
    from deepface_models.models.swap import Swift

    swift = Swift(
        ("ana", "ben"), image_size=64, latent_size=16, basis_size=4, examples=5
    )
    converter = Converter(swift, "ben", mask="hull", color="none")
    result = converter.swap_faces([frame], [face])[0]
    assert result.shape == frame.shape and (result != frame).any()
    assert len(model_sha256(swift)) == 64
    assert model_sha256(swift) == model_sha256(swift)


def test_a_converter_with_other_options(model, aligner):
    """`replace` instead of copying and patching."""
    first = Converter(model, "ben", aligner=aligner, feather=0.2)
    second = first.replace(blend="poisson", sharpen=1)
    assert (second.blend, second.sharpen, second.feather) == ("poisson", 1, 0.2)
    assert (first.blend, first.sharpen) == ("laplacian", "auto")
    assert second.model is model and second.aligner is aligner
    # The source person is chosen anew, as by the constructor.
    assert first.source_identity == "ana"
    assert first.replace(identity="ana").source_identity == "ben"
    fixed = Converter(model, "ben", source_identity="anybody").replace(identity="ana")
    assert fixed.source_identity == "anybody"
    with pytest.raises(ValueError, match=r"option='blnd' was given.*mean 'blend'"):
        first.replace(blnd="alpha")
    with pytest.raises(ValueError, match=r"feather=2"):
        first.replace(feather=2)


def test_a_latent_mean_goes_with_its_model(model):
    mean = np.zeros(3)
    converter = Converter(model, "ben", source_identity="anybody", latent_mean=mean)
    assert converter.replace(mask="hull").latent_mean is mean
    assert converter.replace(model=TintModel()).latent_mean is None


def test_an_unknown_option_is_named(model, clip, tmp_path):
    who = {"identity": "ben", "consent": "test", "progress": False}
    with pytest.raises(ValueError, match=r"option='blnd'.*Did you mean 'blend'\?"):
        convert(clip, tmp_path / "out.mp4", model, blnd="alpha", **who)
    with pytest.raises(ValueError, match=r"option='frame'.*Did you mean 'frames'\?"):
        convert(clip, tmp_path / "out.mp4", model, frame=(0, 3), **who)
    assert not list(tmp_path.iterdir())
