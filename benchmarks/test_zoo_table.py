"""The table of the architectures says what the code counts, and the code counts right.

A row that is missing or old: run `python benchmarks/zoo_table.py`.
"""

from __future__ import annotations

import keras
import pareto_plot
import pytest
import zoo_table
from keras import layers, ops


def test_every_architecture_has_a_row():
    titles = list(zoo_table.committed())[2:]  # after head and rule
    assert titles == list(zoo_table.rows())


@pytest.mark.parametrize(
    "title",
    [
        *("IAE", "Lightweight", "Original", "SAEHD", "Swift"),
    ],
)
def test_counted_columns_are_those_of_the_code(title):
    made = zoo_table.counted_cells(title, zoo_table.counts(title))
    assert zoo_table.committed()[title][: zoo_table.COUNTED] == made


def test_original_by_hand():
    down = 32**2 * 75 * 128 + 3 * (16**2 * 25 * 128 * 256)  # the last three are equal
    enlargements = 4 * (4**2 * 9 * 1024 * 2048)  # as are all four of these
    by_hand = down + 2 * 16384 * 1024 + enlargements + 64**2 * 25 * 64 * 3
    assert zoo_table.counts("Original")["macs"] == [by_hand]
    assert round(by_hand / 1e9, 2) == 1.90


class Attention(layers.Layer):
    """Products of tensors without weights: (B, N, C) -> (B, N, C)."""

    def call(self, x):
        return ops.matmul(ops.softmax(ops.einsum("bnc,bmc->bnm", x, x)), x)

    def compute_output_shape(self, shape):
        return shape


def attend(x):
    """Keras' attention of a sequence to itself."""
    return layers.MultiHeadAttention(2, 3)(x, x)


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (layers.Conv2D(5, 3, strides=2, padding="same"), (8, 6, 4), 4 * 3 * 9 * 4 * 5),
        (layers.Conv2D(6, 3, groups=2), (8, 6, 4), 6 * 4 * 9 * 2 * 6),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), (5, 5, 3), 9 * 9 * 3 * 2),
        (layers.SeparableConv2D(7, 3), (5, 5, 3), 9 * (9 * 3 + 3 * 7)),
        (layers.Conv2DTranspose(5, 4, strides=2), (6, 3, 2), 6 * 3 * 16 * 2 * 5),
        (layers.Dense(7), (4, 3), 4 * 3 * 7),
        (Attention(), (6, 5), 2 * 6 * 6 * 5),
        (attend, (6, 5), 3 * 6 * 5 * 6 + 2 * 6 * 6 * 6 + 6 * 6 * 5),
        (layers.ReLU(), (6, 5), 0),
    ],
)
def test_layers_by_hand(layer, shape, expected):
    image = keras.Input(shape)
    model = keras.Model(image, layer(image))
    assert zoo_table.macs_of(model) == expected
    twice = keras.Model(image, layers.Add()([model(image), model(image)]))
    assert zoo_table.macs_of(twice) == 2 * expected


def test_counting_leaves_keras_as_it_was():
    before = ops.conv, ops.matmul
    with pytest.raises(RuntimeError, match="on the way"), zoo_table.counting([]):
        assert ops.conv is not before[0]
        raise RuntimeError("on the way")
    assert (ops.conv, ops.matmul) == before


def test_front_of_time_and_quality():
    def point(title, minutes, margin, gain):
        measures = {"distance_margin": margin, "mouth_gain": gain}
        return pareto_plot.Point(title, minutes, 100, measures)

    points = [
        point("best", 1, 0.3, 0.9),
        point("longer and worse", 2, 0.2, 0.8),
        point("longer and more alike", 2, 0.4, 1.2),
        point("no face found", 0.5, None, None),
        point("quick", 0.5, 0.1, 0.5),
        point("as good as the best", 1, 0.3, 0.9),
    ]
    panels = pareto_plot.PANELS[:2]
    found = [p.title for p in points if pareto_plot.on_front(p, points, panels)]
    assert found == ["best", "longer and more alike", "quick", "as good as the best"]
    gain = [p for p in points if pareto_plot.on_front(p, points, panels[1:])]
    assert [p.title for p in gain] == ["best", "quick", "as good as the best"]
    assert not any(pareto_plot.on_front(p, points) for p in points), "without blinks"
    _, rows = pareto_plot.table(points, {"(mean face)": {"expression": 0.0312}})
    assert rows[0][:6] == ["quick", "0.5", "100", "0.100", "", ""]
    assert rows[1][0] == "no face found"
    assert rows[-1][11] == "3.12%"
