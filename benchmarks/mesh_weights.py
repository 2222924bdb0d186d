"""Makes the weights of `FaceMesh` from MediaPipe's files.

    pip download mediapipe==0.10.21 --no-deps
    python benchmarks/mesh_weights.py mediapipe-0.10.21-*.whl weights/face_mesh

Each convolution and PReLU of the Keras model takes the values of the operator at the
same place of the TensorFlow Lite graph. With `--check FOLDER` (images) it prints how
far the outputs of both are apart; that needs ai-edge-litert.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import harness
import keras
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from deepface_models.faces import _mesh_network as networks
from deepface_models.presets.half import to_float16

SOURCES = {
    "face": (
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        networks.face_network,
    ),
    "iris": (
        "mediapipe/modules/iris_landmark/iris_landmark.tflite",
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        networks.iris_network,
    ),
}
TYPES = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.FLOAT16: np.float16}
CODES = schema.BuiltinOperator
# Axes of a kernel in Keras's order: height, width, in, out (depthwise: in, 1).
KERNEL = (1, 2, 3, 0)


class Graph:
    """A TensorFlow Lite file, read from its outputs to its input."""

    def __init__(self, data: bytes) -> None:
        self.model = schema.ModelT.InitFromPackedBuf(data, 0)
        self.graph = self.model.subgraphs[0]
        self.maker = {int(op.outputs[0]): op for op in self.graph.operators}

    def code(self, op: Any) -> int:
        code = self.model.operatorCodes[op.opcodeIndex]
        return max(code.builtinCode, code.deprecatedBuiltinCode)

    def constant(self, index: int) -> np.ndarray:
        maker = self.maker.get(index)  # float16 values pass an operator first
        tensor = self.graph.tensors[index if maker is None else int(maker.inputs[0])]
        data = bytes(self.model.buffers[tensor.buffer].data)
        return np.frombuffer(data, TYPES[tensor.type]).reshape(tensor.shape)

    def weights(self) -> list[list[np.ndarray]]:
        """Returns the weights of each operator, those nearer to the input first."""
        found: dict[int, list[np.ndarray]] = {}
        for output in self.graph.outputs:
            self._visit(int(output), found)
        return [one for one in found.values() if one]

    def _visit(self, tensor: int, found: dict[int, list[np.ndarray]]) -> None:
        op = self.maker.get(tensor)
        if op is None or tensor in found:
            return
        code, inputs = self.code(op), [int(i) for i in op.inputs]
        for one in inputs if code == CODES.ADD else inputs[:1]:
            self._visit(one, found)
        values = []
        if code in (CODES.CONV_2D, CODES.DEPTHWISE_CONV_2D):
            kernel, bias = (self.constant(i) for i in inputs[1:])
            values = [kernel.transpose(KERNEL), bias]
        elif code == CODES.PRELU:
            values = [self.constant(inputs[1])]
        found[tensor] = values


def weighted_layers(model: keras.Model) -> list[keras.Layer]:
    """Returns the layers with weights in the order of `Graph.weights`."""
    found: dict[str, keras.Layer] = {}

    def visit(tensor: Any) -> None:
        layer = tensor._keras_history.operation
        if layer.name not in found:
            for one in layer._inbound_nodes[0].input_tensors:
                visit(one)
            found[layer.name] = layer

    for output in model.outputs:
        visit(output)
    return [layer for layer in found.values() if layer.weights]


def convert(data: bytes, model: keras.Model) -> None:
    found, expected = Graph(data).weights(), weighted_layers(model)
    for layer, values in zip(expected, found, strict=True):
        shapes = [weight.shape for weight in layer.weights]
        pairs = zip(values, shapes, strict=True)
        layer.set_weights([value.reshape(shape) for value, shape in pairs])


def difference(data: bytes, model: keras.Model, images: np.ndarray) -> float:
    """Returns the largest difference of the points in pixels of the input."""
    from ai_edge_litert.interpreter import Interpreter

    lite = Interpreter(model_content=data)
    lite.allocate_tensors()
    worst = 0.0
    for image in images:
        lite.set_tensor(lite.get_input_details()[0]["index"], image[None])
        lite.invoke()
        ours = [np.asarray(one).ravel() for one in model(image[None])]
        theirs = [lite.get_tensor(o["index"]) for o in lite.get_output_details()]
        gaps = [abs(a - b.ravel()).max() for a, b in zip(ours, theirs, strict=True)]
        worst = max(worst, *map(float, gaps))
    return worst


def crops(folder: Path, count: int) -> dict[str, np.ndarray]:
    """Returns face and eye crops of images."""
    from deepface_models.faces import FaceAligner
    from deepface_models.faces.align import align, alignment_matrix, template
    from deepface_models.media import read_image

    aligner, found = (
        FaceAligner(landmarks=5, embeddings=False),
        {"face": [], "iris": []},
    )
    files = sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png"))[:count]
    for path in files:
        image = read_image(path)
        for face in aligner.detect(image):
            matrix = alignment_matrix(face.landmarks, 192, "whole")
            found["face"].append(align(image, matrix, 192))
            eye = template(5, 192, "whole")[2:4].mean(0)
            zoom = np.array([[1.5, 0, 32 - 1.5 * eye[0]], [0, 1.5, 32 - 1.5 * eye[1]]])
            found["iris"].append(align(found["face"][-1], zoom, 64))
    return {k: np.array(v, np.float32) / 255 for k, v in found.items()}


def main() -> None:
    parser = harness.options(__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--check", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    images = crops(arguments.check, 40) if arguments.check else {}
    for name, (inside, sha256, build) in SOURCES.items():
        data = zipfile.ZipFile(arguments.wheel).read(inside)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise SystemExit(f"{inside} is not the file of mediapipe 0.10.21.")
        model, path = build(), arguments.output / f"{name}.weights.h5"
        convert(data, model)
        if images:
            print(name, "float32", difference(data, model, images[name]))
        model.save_weights(path)
        to_float16(path)
        if images:
            model.load_weights(path)
            print(name, "float16", difference(data, model, images[name]))
        print(path, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
