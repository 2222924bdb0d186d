"""An image of what the model draws, while it learns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepface_models.callbacks._images import FaceImages, draw_rows
from deepface_models.core.arrays import Array
from deepface_models.core.sheet import grid
from deepface_models.core.whole import whole_numbers


class SwapPreview(FaceImages):
    """Writes an image of source, reconstruction and swap, both ways.

    For each person there is a row of faces, one of them drawn as themselves, and
    one drawn as each other person. `latest.png` is the newest, `000012.png` the one
    after 12 epochs. Training is the same with and without.

    Args:
        folder: Where the images go.
        faces: Faces (N, S, S, 3) of each person, uint8 or float in [0, 1]; faces
            that are not trained on show more.
        every: Epochs from one image to the next.
        max_faces: Faces of each person, evenly spaced among those given.

    Raises:
        ValueError: There are no faces, or (on training begin) they do not fit the
            model.
    """

    @whole_numbers(every=1, max_faces=1)
    def __init__(
        self,
        folder: str | Path,
        faces: Mapping[str, Array],
        every: int = 1,
        max_faces: int = 6,
    ) -> None:
        super().__init__(folder, faces, every, max_faces)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the epoch's image."""
        if self.due(epoch):
            self.write(epoch, self.draw())

    def draw(self) -> Array:
        """Returns the image of the model as it is now, uint8 (H, W, 3)."""
        labels: list[str] = []
        rows: list[list[Array]] = []
        for name, images in self.faces.items():
            more_labels, more_rows = draw_rows(self.model, name, images)
            labels += more_labels
            rows += more_rows
        return grid(rows, labels=labels)
