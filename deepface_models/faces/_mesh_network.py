"""MediaPipe's face landmark and iris networks as Keras models.

Structure and weights are those of `face_landmark.tflite` and `iris_landmark.tflite`
of MediaPipe 0.10.21 (Apache-2.0).

Reference: Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on
Mobile GPUs", 2019; Ablavatski et al., "Real-time Pupil Tracking from Monocular Video
for Digital Puppetry", 2020.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

FACE_SIZE, EYE_SIZE = 192, 64  # sides of the inputs in pixels
FACE_POINTS, EYE_POINTS, IRIS_POINTS = 468, 71, 5


def face_network() -> keras.Model:
    """Returns the face landmark network without weights.

    Input: (N, 192, 192, 3) RGB in [0, 1]. Outputs: (N, 468, 3) points in pixels of the
    input, and (N, 1) the logit of the presence of a face.
    """
    image = keras.Input((FACE_SIZE, FACE_SIZE, 3), name="image")
    x = _prelu(layers.Conv2D(16, 3, 2, "same")(image))
    for width in (16, 32, 64, 128, 128):
        x = x if width == 16 else _narrowed(x, width)
        x = _block(_block(x))
    points = _block(_block(_narrowed(x, 128)))
    presence = _narrowed(x, 128)
    outputs = []
    for branch, count in ((points, FACE_POINTS * 3), (presence, 1)):
        narrow = _block(_prelu(layers.Conv2D(32, 1)(branch)))
        outputs.append(layers.Conv2D(count, 3)(narrow))
    points = layers.Reshape((FACE_POINTS, 3), name="points")(outputs[0])
    return keras.Model(image, [points, layers.Flatten(name="presence")(outputs[1])])


def iris_network() -> keras.Model:
    """Returns the iris network without weights.

    Input: (N, 64, 64, 3) RGB in [0, 1], an eye with its outer corner at the left.
    Outputs: (N, 71, 3) points of the eye's outline and brow, and (N, 5, 3) center and
    rim of the iris; both in pixels of the input.
    """
    image = keras.Input((EYE_SIZE, EYE_SIZE, 3), name="image")
    x = _prelu(layers.Conv2D(64, 3, 2, "same")(image))
    x = _bottlenecks(x, 4)
    x = _bottlenecks(_halved(x), 4)
    x = _halved(x)
    outputs = []
    for name, count in (("outline", EYE_POINTS), ("iris", IRIS_POINTS)):
        branch = _bottlenecks(_halved(_bottlenecks(x, 2)), 2)
        branch = _bottlenecks(_halved(branch), 2)
        flat = layers.Conv2D(count * 3, 2)(branch)
        outputs.append(layers.Reshape((count, 3), name=name)(flat))
    return keras.Model(image, outputs)


def _prelu(x: Any) -> Any:
    return layers.PReLU(shared_axes=[1, 2])(x)


def _block(x: Any) -> Any:
    """A depthwise and a 1x1 convolution with a skip."""
    inner = layers.DepthwiseConv2D(3, padding="same")(x)
    return _prelu(layers.Add()([x, layers.Conv2D(x.shape[-1], 1)(inner)]))


def _narrowed(x: Any, width: int) -> Any:
    """As `_block`, at half the size and with `width` channels."""
    inner = layers.DepthwiseConv2D(3, 2, "same")(x)
    inner = layers.Conv2D(width, 1)(inner)
    return _prelu(layers.Add()([_pooled(x, width), inner]))


def _bottlenecks(x: Any, count: int) -> Any:
    """Blocks that work at half as many channels."""
    width = x.shape[-1]
    for _ in range(count):
        inner = _prelu(layers.Conv2D(width // 2, 1)(x))
        inner = layers.DepthwiseConv2D(3, padding="same")(inner)
        x = _prelu(layers.Add()([x, layers.Conv2D(width, 1)(inner)]))
    return x


def _halved(x: Any) -> Any:
    """A block of 64 inner channels that gives 128 at half the size."""
    inner = _prelu(layers.Conv2D(64, 2, 2)(x))
    inner = layers.DepthwiseConv2D(3, padding="same")(inner)
    inner = layers.Conv2D(128, 1)(inner)
    return _prelu(layers.Add()([_pooled(x, 128), inner]))


def _pooled(x: Any, width: int) -> Any:
    """Returns `x` at half the size, filled up with channels of zeros."""
    x = layers.MaxPooling2D(2)(x)
    missing = width - x.shape[-1]
    if not missing:
        return x
    last = layers.Permute((1, 3, 2))(x)
    padded = layers.ZeroPadding2D(((0, 0), (0, missing)))(last)
    return layers.Permute((1, 3, 2))(padded)
