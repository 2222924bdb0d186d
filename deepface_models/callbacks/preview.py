"""Preview images of swaps during training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deepface_models.callbacks._images import FaceImages, draw_rows
from deepface_models.core.arrays import Array
from deepface_models.core.sheet import grid
from deepface_models.core.whole import whole_numbers


class SwapPreview(FaceImages):
    """Writes an image of faces, their reconstructions and swaps.

    It has a row of each person's faces, one of their reconstructions, and one of
    their swaps to each other person. `latest.png` is the newest image, `000012.png`
    the one after 12 epochs. The callback does not change the training.

    Args:
        folder: Folder of the images.
        faces: Faces (N, S, S, 3) of each person, uint8 or float in [0, 1]; preferably
            held-out ones.
        every: Epochs between images.
        max_faces: Most faces of each person, evenly spaced among those given.

    Raises:
        ValueError: There are no faces; or, when training begins, they do not fit the
            model.

    Example:
        >>> faces = {name: own.images for name, own in people.items()}
        >>> preview = SwapPreview("previews", faces, every=10)
        >>> model.fit(pairs, epochs=100, callbacks=[preview])  # doctest: +SKIP
        >>> preview.set_model(model)
        >>> preview.draw().dtype
        dtype('uint8')
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
        """Returns an image of the model's current state, uint8 (H, W, 3)."""
        labels: list[str] = []
        rows: list[list[Array]] = []
        for name, images in self.faces.items():
            more_labels, more_rows = draw_rows(self.model, name, images)
            labels += more_labels
            rows += more_rows
        return grid(rows, labels=labels)
