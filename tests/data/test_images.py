from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from deepface_models.core.errors import MediaError
from deepface_models.data.images import load_images
from deepface_models.media import read_image, write_image

FACES = Path(__file__).resolve().parent / "faces"


def image(path: Path, value: int, height: int = 40, width: int = 40) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, np.full((height, width, 3), value, "uint8"))
    return path


def test_the_middle_is_cut_out_and_averaged(tmp_path):
    wide = np.zeros((40, 100, 3), "uint8")
    wide[:, :30], wide[:, 70:] = 255, 255  # all of it outside of the middle
    wide[:20, 30:70, 0] = 200
    wide[:, 30:70:2, 2] = 100
    write_image(tmp_path / "a.png", wide)
    write_image(tmp_path / "b.png", wide.transpose(1, 0, 2))
    images = load_images(tmp_path, 10)
    assert images.shape == (2, 10, 10, 3) and images.dtype == np.uint8
    assert (images[0, :5, :, 0] == 200).all() and (images[0, 5:, :, 0] == 0).all()
    assert (images[..., 2] == 50).all()  # areas are averaged
    assert np.array_equal(images[1], images[0].transpose(1, 0, 2))


def test_smaller_images_are_enlarged_smoothly(tmp_path):
    ramp = np.repeat(np.arange(0, 160, 20, "uint8")[None, :, None], 8, 0).repeat(3, 2)
    write_image(tmp_path / "a.png", ramp)
    row = load_images(tmp_path / "a.png", 64)[0, 32, 8:-8, 0].astype(int)
    assert 0 <= np.diff(row).min() and np.diff(row).max() <= 4


def test_folders_are_read_in_order_of_names(tmp_path):
    for value, name in enumerate(["b/2.png", "a/9.PNG", "c.jpg", "a/1.webp"]):
        image(tmp_path / name, 40 * value)
    image(tmp_path / ".hidden" / "x.png", 255)
    image(tmp_path / ".x.png", 255)
    (tmp_path / "notes.txt").write_text("no image", encoding="utf-8")
    values = load_images(tmp_path, 4)[:, 0, 0, 0]
    assert np.abs(values.astype(int) - [120, 40, 0, 80]).max() <= 2
    listed = [tmp_path / "c.jpg", tmp_path / "a"]
    values = load_images(listed, 4)[:, 0, 0, 0]
    assert np.abs(values.astype(int) - [80, 120, 40]).max() <= 2
    values = load_images(str(tmp_path), 4, max_images=2)[:, 0, 0, 0]
    assert np.abs(values.astype(int) - [120, 80]).max() <= 2


def test_damaged_images_are_named_and_left_out(tmp_path):
    image(tmp_path / "a.png", 10)
    (tmp_path / "b.jpg").write_bytes(b"no image")
    whole = image(tmp_path / "c.png", 30).read_bytes()
    (tmp_path / "c.png").write_bytes(whole[: len(whole) // 2])
    image(tmp_path / "d.png", 20)
    with pytest.warns(UserWarning, match=r"2 of 4 images cannot be") as caught:
        images = load_images(tmp_path, 8)
    assert images[:, 0, 0, 0].tolist() == [10, 20]
    assert "b.jpg" in str(caught[0].message) and "c.png" in str(caught[0].message)
    assert caught[0].filename == __file__
    with pytest.raises(MediaError, match=r"b\.jpg cannot be read"):
        load_images(tmp_path, 8, strict=True)
    with pytest.raises(MediaError, match=r"None of 2 .* The first: .*b\.jpg"):
        load_images([tmp_path / "b.jpg", tmp_path / "c.png"], 8)


def test_nothing_to_read_is_said(tmp_path):
    with pytest.raises(MediaError, match=r"holds no image\. Expected files that"):
        load_images(tmp_path)
    with pytest.raises(MediaError, match="An empty list holds no image"):
        load_images([])
    with pytest.raises(FileNotFoundError, match="Nothing is at"):
        load_images(tmp_path / "nowhere")
    for arguments in ({"image_size": 0}, {"max_images": 0}):
        with pytest.raises(ValueError, match="whole number of 1 or more"):
            load_images(tmp_path, **arguments)


def test_photographs_are_cropped_to_the_middle_square():
    paths = sorted(FACES.glob("*.jpg"))[:3]
    images = load_images(paths)
    assert images.shape == (3, 64, 64, 3)
    whole = read_image(paths[0])
    side = min(whole.shape[:2])
    top, left = (whole.shape[0] - side) // 2, (whole.shape[1] - side) // 2
    middle = whole[top : top + side, left : left + side].astype("float32")
    expected = cv2.resize(middle, (64, 64), interpolation=cv2.INTER_AREA)
    assert np.abs(images[0] - expected).max() <= 1


def test_odd_entries_are_named_and_the_rest_is_read(tmp_path, odd_entries):
    """Folders of training images hold odd entries too."""
    write_image(tmp_path / "a10.png", np.full((9, 9, 3), 10, "uint8"))
    write_image(tmp_path / "a2.png", np.full((9, 9, 3), 2, "uint8"))
    count = odd_entries(tmp_path) - 1  # a folder named like an image is a folder
    with pytest.warns(UserWarning, match=rf"{count} of {count + 2} images cannot"):
        read = load_images(tmp_path, 8)
    assert read[:, 0, 0, 0].tolist() == [2, 10]
    with pytest.raises(MediaError, match="Expected"):
        load_images(tmp_path, 8, strict=True)
