"""YUV to RGB and back with a video's own matrix and range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from deepface_models.core.arrays import Array
from deepface_models.media.wide_frames import is_wide, wide_frame

UNSPECIFIED = 2  # FFmpeg's number for color space, primaries and transfer
_RGB = 0
_FULL = 2
_MATRICES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
# Luma coefficients of red and blue (ITU-R BT.601, BT.709, BT.2020, SMPTE 240M, FCC).
_LUMA = {
    Colorspace.ITU601: (0.299, 0.114),
    Colorspace.ITU709: (0.2126, 0.0722),
    Colorspace.BT2020: (0.2627, 0.0593),
    Colorspace.SMPTE240M: (0.212, 0.087),
    Colorspace.FCC: (0.3, 0.11),
}
_NAMES = {
    **{0: "rgb", 1: "bt709", 2: "unspecified", 4: "fcc", 5: "bt470bg"},
    **{6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc", 10: "bt2020c"},
}
_QUALITY = (
    Interpolation.BICUBIC
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)
# RGB by whether it has planes, and 16 bits.
_FORMS = {
    (False, False): "rgb24",
    (False, True): "rgb48le",
    (True, False): "gbrp",
    (True, True): "gbrp16le",
}


@dataclass(frozen=True)
class Coding:
    """A video's color tags, as FFmpeg's numbers."""

    range: int = 1
    space: int = 1
    primaries: int = 1
    transfer: int = 1

    @classmethod
    def of(cls, frame: Any) -> Coding:
        """Returns a decoded frame's coding."""
        full = frame.format.name.startswith("yuvj")
        return cls(
            _FULL if full else int(frame.color_range),
            int(frame.colorspace),
            int(frame.color_primaries),
            int(frame.color_trc),
        )

    @property
    def range_name(self) -> str:
        """Either "limited", "full" or "unspecified"."""
        return {1: "limited", 2: "full"}.get(self.range, "unspecified")

    @property
    def space_name(self) -> str:
        """FFmpeg's name of the matrix, such as "bt709"."""
        return _NAMES.get(self.space, str(self.space))

    def for_yuv(self, height: int) -> Coding:
        """Returns the coding for writing YUV, with every tag set.

        Primaries and transfer are kept. Other missing tags get the values that players
        assume for a video of `height` lines. RGB video becomes BT.709.
        """
        if self.space == _RGB:
            return Coding()
        matrix = 6 if self.matrix(height) == Colorspace.ITU601 else 1
        space = self.space if self.space in _MATRICES else matrix
        return replace(self, space=space, range=int(self.swscale_range()))

    def matrix(self, height: int) -> Colorspace:
        """Returns the YUV matrix; untagged, BT.601 up to 576 lines, else BT.709."""
        untagged = Colorspace.ITU601 if height <= 576 else Colorspace.ITU709
        return _MATRICES.get(self.space, untagged)

    def swscale_range(self) -> ColorRange:
        """Returns the range; without a tag, limited."""
        return ColorRange.JPEG if self.range == _FULL else ColorRange.MPEG

    def tag(self, context: Any) -> None:
        """Sets the color tags of a PyAV codec context."""
        context.color_range, context.colorspace = self.range, self.space
        context.color_primaries, context.color_trc = self.primaries, self.transfer

    def tag_frame(self, frame: Any) -> Any:
        """Sets the matrix and range of a PyAV frame, and returns it."""
        frame.colorspace, frame.color_range = self.space, self.range
        return frame


class FrameConverter:
    """Converts frames to RGB and back; use one per stream, because it has a cache.

    Args:
        quick: Whether to convert to RGB several times as fast; most values are then
            within one level, and those at edges of color within about 20.
    """

    def __init__(self, quick: bool = False) -> None:
        self._swscale = VideoReformatter()
        self._quick = quick

    def to_rgb(
        self,
        frame: Any,
        width: int,
        height: int,
        matrix: Colorspace | None = None,
        deep: bool = False,
    ) -> Array:
        """Returns a decoded frame as uint8 (height, width, 3).

        Args:
            frame: PyAV frame.
            width: Width of the result.
            height: Height of the result.
            matrix: The YUV matrix; by default that of a frame of this size.
            deep: Whether to return float32 in [0, 1], with all bits of the samples.
        """
        coding = Coding.of(frame)
        if frame.format.is_rgb:
            matrix, span = None, ColorRange.JPEG
        else:
            matrix = matrix or coding.matrix(frame.height)
            span = coding.swscale_range()
        # Of YUV, swscale makes planes of equal values three times as fast as pixels.
        planar = not (frame.format.is_rgb or self._quick)
        image = self._swscale.reformat(
            frame,
            width=width,
            height=height,
            format=_FORMS[planar, deep],
            src_colorspace=matrix,
            src_color_range=span,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BICUBIC if self._quick else _QUALITY,
        )
        rgb = _merged(image) if planar else np.asarray(image.to_ndarray())
        return rgb.astype(np.float32) / 65535 if deep else rgb

    def from_rgb(self, image: Array, pix_fmt: str, coding: Coding) -> Any:
        """Returns an image as a frame of `pix_fmt` in `coding`.

        Args:
            image: uint8 RGB; for formats of more than 8 bits or with alpha also uint16
                or float in [0, 1], and RGBA.
            pix_fmt: FFmpeg's name of the format.
            coding: Color tags of a YUV format.
        """
        if is_wide(pix_fmt):
            full = coding.range == _FULL
            made = wide_frame(image, pix_fmt, to_yuv(coding, image.shape[0]), full)
            rgb = made.format.is_rgb
            return made if rgb else self._subsampled(made, pix_fmt, coding)
        if pix_fmt == "rgb24":
            return av.VideoFrame.from_ndarray(image, format="rgb24")
        height, width = image.shape[:2]
        if pix_fmt == "yuv420p" and not (height % 2 or width % 2):
            return tagged(self.samples(image, coding), pix_fmt, coding)
        made = tagged(np.stack(_planes(image, coding)), "yuv444p", coding)
        return self._subsampled(made, pix_fmt, coding)

    def samples(self, image: Array, coding: Coding) -> Array:
        """Returns the samples of yuv420p, (H * 3 / 2, W), of an image of even sides."""
        return _halved(_planes(image, coding), self._swscale)

    def _subsampled(self, made: Any, pix_fmt: str, coding: Coding) -> Any:
        """Returns a YUV frame of full colors in a pixel format, with its tags."""
        coding.tag_frame(made)
        if pix_fmt == made.format.name:
            return made
        span = coding.swscale_range()
        return self._swscale.reformat(
            made,
            format=pix_fmt,
            src_color_range=span,
            dst_color_range=span,
            interpolation=_QUALITY,
        )


def _merged(image: Any) -> Array:
    """Returns an image of planes for green, blue and red as (height, width, 3), RGB."""
    kind = np.uint16 if "16" in image.format.name else np.uint8
    green, blue, red = (plane_view(plane, kind) for plane in image.planes)
    return np.asarray(cv2.merge((red, green, blue)))


def plane_view(plane: Any, kind: Any = np.uint8) -> Array:
    """Returns the samples of a PyAV plane, (height, width) of `kind`, as a view."""
    rows = np.frombuffer(plane, kind).reshape(plane.height, -1)
    return rows[:, : plane.width]


def _planes(image: Array, coding: Coding) -> Sequence[Array]:
    # swscale makes red and blue darker by one level at full range.
    return cv2.split(cv2.transform(image, to_yuv(coding, image.shape[0])))


def tagged(samples: Array, form: str, coding: Coding) -> Any:
    """Returns samples as a PyAV frame of a pixel format, with its color tags."""
    return coding.tag_frame(av.VideoFrame.from_ndarray(samples, format=form))


def _halved(planes: Sequence[Array], swscale: VideoReformatter) -> Array:
    """Returns the samples of yuv420p, (H * 3 / 2, W), of planes of even sides.

    Converting whole frames takes twice as long, for the same samples: swscale then
    filters the brightness too.
    """
    height, width = planes[0].shape
    samples = np.empty((height * 3 // 2, width), np.uint8)
    samples[:height] = planes[0]
    for place, plane in zip(
        np.split(samples[height:].reshape(-1), 2), planes[1:], strict=True
    ):
        small = swscale.reformat(
            av.VideoFrame.from_ndarray(plane, format="gray"),
            width=width // 2,
            height=height // 2,
            interpolation=_QUALITY,
        )
        place[:] = small.to_ndarray().reshape(-1)
    return samples


def to_yuv(coding: Coding, height: int) -> Array:
    """Returns the matrix from (R, G, B, 1) in 0..255 to YUV samples, (3, 4) float64."""
    red, blue = _LUMA[coding.matrix(height)]
    luma = np.array([red, 1 - red - blue, blue])
    matrix = np.zeros((3, 4))
    matrix[0, :3] = luma
    matrix[1, :3] = (np.array([0, 0, 1]) - luma) / (2 - 2 * blue)
    matrix[2, :3] = (np.array([1, 0, 0]) - luma) / (2 - 2 * red)
    if coding.range != _FULL:
        matrix *= np.array([[219], [224], [224]]) / 255
    matrix[:, 3] = 0 if coding.range == _FULL else 16, 128, 128
    return matrix
