"""The lines of the table of measures."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table: key, label, number format, better direction and note."""

    key: str
    label: str
    form: str
    better: str
    note: str


# fmt: off
ROWS = (
    Row("target_distance", "distance to target", ".3f", "low",
        "mean embedding distance to the target person's faces; below 0.6, dlib "
        "considers two faces to be the same person"),
    Row("source_distance", "distance to source", ".3f", "high",
        "mean embedding distance to the source person's faces; a small one means that "
        "the source person can still be recognized"),
    Row("distance_margin", "  margin", ".3f", "high",
        "source distance minus target distance; a blurred face is far from both and "
        "gains nothing here"),
    Row("target_share", "is the target person", ".0%", "high",
        "frames whose target distance is below 0.6 and below the source distance"),
    Row("found", "face found again", ".0%", "high",
        "frames in whose result the detector finds a face"),
    Row("pose", "pose error", ".2f°", "low",
        "mean difference in yaw, pitch and roll from the source frame"),
    Row("expression", "expression error", ".2%", "low",
        "how eyes and mouth deviate from the person's mean shape, result compared with "
        "source, in units of the distance between the eyes"),
    Row("motion", "  motion alone", ".2%", "low",
        "the expression error without what is constant in a clip"),
    Row("landmarks", "landmark error", ".2%", "low",
        "distance of eyes and mouth from their place in the source frame; different "
        "face shapes of the two people count as error"),
    Row("mouth", "mouth correlation", ".3f", "high",
        "correlation of the gap between the lips with the source, at best 1"),
    Row("eyes", "eye correlation", ".3f", "high",
        "correlation of the gap between the eyelids with the source, at best 1"),
    Row("seen_mouth", "mouth by mesh", ".3f", "high",
        "correlation of the gap between the lips, found by the face mesh, with the "
        "source"),
    Row("mouth_gain", "  gain", ".2f", "near 1",
        "slope of that gap on the source's: 0.5 if the mouth opens half as far"),
    Row("seen_eyes", "eyes by mesh", ".3f", "high",
        "correlation of the gap between the lids, in widths of the eye, with that of "
        "the source"),
    Row("eyes_gain", "  gain", ".2f", "near 1", "slope of that gap on the source's"),
    Row("blink", "  opening in blinks", ".2f", "low",
        "opening of the eyes in frames where the source closes them, relative to where "
        "it opens them; 1 if the eyes never close"),
    Row("seen_smile", "mouth width", ".3f", "high",
        "correlation of the distance of the corners of the mouth with the source"),
    Row("smile_gain", "  gain", ".2f", "near 1", "slope of that distance"),
    Row("seen_gaze", "gaze", ".3f", "high",
        "correlation of the irises' place between the corners of the eyes"),
    Row("gaze_gain", "  gain", ".2f", "near 1", "slope of that place"),
    Row("detail", "detail / source", ".2f", "near 1",
        "variance of the Laplacian inside of the face, result / source"),
    Row("detail_through", "  / source, reduced", ".2f", "near 1",
        "the same, by the source reduced to the model's pixels and enlarged again"),
    Row("detail_own", "  / own footage", ".2f", "near 1",
        "the same, by the target person's faces at an equal distance of the eyes"),
    Row("likeness", "way to the person", ".0%", "high",
        "share of the way from the source to other footage of the target person, by "
        "embeddings; 0 % is the source, 100 % the person's own faces among each other"),
    Row("likeness_shape", "  by shape", ".0%", "high",
        "the same by the mesh's points that expressions move little"),
    Row("outside", "pasted beside face", ".1%", "low",
        "share of the pasted pixels outside of the outlines of both faces"),
    Row("skin_color", "skin color", ".1f", "low",
        "Lab distance of the cheeks' mean color from that of the target person's own "
        "faces; other light counts too"),
    Row("iris_color", "iris color", ".1f", "low", "the same of the irises"),
    Row("teeth_color", "teeth color", ".1f", "low",
        "the same of the brightest parts of open mouths"),
    Row("ssim", "reconstruction SSIM", ".3f", "high",
        "the source person reconstructed by the model, compared with the frame"),
    Row("psnr", "reconstruction PSNR", ".1f dB", "high", "the same in decibels"),
    Row("seam", "seam energy", ".2f", "low",
        "color gradient at the mask's edge relative to that of frame and decoded face; "
        "1 if nothing became steeper"),
    Row("jitter", "jitter", ".2f", "near 1",
        "jitter of the landmarks from frame to frame, result / source"),
    Row("flicker", "flicker", ".2f", "near 1",
        "changes of the face's mean color from frame to frame, result / source"),
    Row("flicker_levels", "  flicker, levels", ".2f", "low",
        "the changes themselves, in 8-bit levels"),
)
# fmt: on
