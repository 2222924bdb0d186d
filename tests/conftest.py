"""Two people's aligned faces from the images in tests/data, found without dlib."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

import hypothesis
import numpy as np
import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers share the cores; more threads only wait for each other.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# The same examples in every run.
hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.load_profile("repeatable")

FACES = Path(__file__).resolve().parent / "data" / "faces"
FIVE_OF_68 = ("45", "42", "36", "39", "33")  # as dlib's five points
IMAGES = {
    "ana": ("london_005_neutral.jpg", "canada_003f.jpg"),
    "ben": ("london_019_neutral.jpg", "composite_f_easian.jpg", "canada_008f.jpg"),
}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Keeps captured text that is not UTF-8 from ending a parallel run."""
    outcome = yield
    report = outcome.get_result()
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode())
        for name, text in report.sections
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Makes tests slow that are marked so for TensorFlow, where CI runs slow ones."""
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return
    for item in items:
        if item.get_closest_marker("slow_on_tensorflow"):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def nothing_left_to_allocate():
    """Models built in a StatelessScope to be counted stay without values.

    Keras notes their variables, and the end of any later scope, such as that of a
    `stateless_call`, would give them all values: tens of gigabytes.
    """
    yield
    if "keras" in sys.modules:
        from keras.src.backend.common import global_state

        global_state.set_global_attribute("uninitialized_variables", [])


@pytest.fixture(scope="module")
def eager():
    """Runs TensorFlow without graphs: tracing takes longer than the few steps here."""
    import keras

    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow

    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


@pytest.fixture
def elsewhere():
    """A function that takes a lock in another thread, until the test ends."""
    done = threading.Event()
    threads = []

    def take(holding):
        taken = threading.Event()

        def keep():
            with holding:
                taken.set()
                done.wait()

        threads.append(threading.Thread(target=keep))
        threads[-1].start()
        assert taken.wait(30)

    yield take
    done.set()
    for thread in threads:
        thread.join()


def face_set(files: tuple[str, ...], count: int, size: int):
    """A set in memory: each image cut out several times, slightly moved."""
    from deepface_models.faces import Box, Face, FaceSet, align, alignment_matrix
    from deepface_models.media import read_image

    rng = np.random.default_rng(len(files))
    truth = json.loads((FACES / "truth.json").read_text(encoding="utf-8"))
    made = FaceSet(image_size=size, landmarks=5)
    for number in range(count):
        file = files[number % len(files)]
        marks = truth[file]["landmarks"]
        points = np.array([marks[i] for i in FIVE_OF_68], np.float32)
        matrix = alignment_matrix(points + rng.normal(0, 2, 2), size)
        box = Box(*truth[file]["box"])
        face = Face(box, points, 1.0, "hand", matrix, size)
        aligned = align(read_image(FACES / file), matrix, size)
        made.append(face, aligned, source=file, frame=number)
    return made


@pytest.fixture(scope="session")
def people():
    """Two sets of 64 px with 5 landmarks: ana's 6 and ben's 9 faces. Not to change."""
    counts = {"ana": 6, "ben": 9}
    return {name: face_set(IMAGES[name], n, 64) for name, n in counts.items()}


@pytest.fixture
def odd_entries():
    """Returns a function that fills a folder with what only looks like media."""

    def make(folder):
        (folder / "folder.jpg").mkdir()
        (folder / "broken.png").symlink_to(folder / "nowhere.png")
        (folder / "round.png").symlink_to(folder / "round.png")
        os.mkfifo(folder / "pipe.jpg")
        with open(os.path.join(os.fsencode(folder), b"\xff\xfe.png"), "wb"):
            pass
        return 5

    return make


def _dfm_file(path: Path, morphs: bool = False, size: int = 32) -> Path:
    """Writes a DFM file that gives the face that it gets, times its morph value."""
    onnx = pytest.importorskip("onnx")
    shape = ["N", size, size]
    tensor = onnx.helper.make_tensor_value_info
    node, given = onnx.helper.make_node, [tensor("in_face:0", 1, [*shape, 3])]
    nodes = [
        node("ReduceMax", ["in_face:0"], ["out_face_mask:0"], axes=[3], keepdims=1),
        node("Identity", ["out_face_mask:0"], ["out_celeb_face_mask:0"]),
    ]
    if morphs:
        given.append(tensor("morph_value:0", 1, [1]))
        nodes.append(node("Mul", ["in_face:0", "morph_value:0"], ["out_celeb_face:0"]))
    else:
        nodes.append(node("Identity", ["in_face:0"], ["out_celeb_face:0"]))
    made = [
        tensor("out_face_mask:0", 1, [*shape, 1]),
        tensor("out_celeb_face:0", 1, [*shape, 3]),
        tensor("out_celeb_face_mask:0", 1, [*shape, 1]),
    ]
    graph = onnx.helper.make_graph(nodes, "dfm", given, made)
    opsets = [onnx.helper.make_opsetid("", 13)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


@pytest.fixture(scope="session")
def dfm_file():
    """A function that writes a small DFM file; skips without ONNX and its runtime."""
    pytest.importorskip("onnxruntime")
    return _dfm_file
