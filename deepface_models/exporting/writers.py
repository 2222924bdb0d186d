"""Writes a frozen network in each format, with its metadata inside."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.extras import need
from deepface_models.core.files import sha256_file
from deepface_models.core.synthetic import NOTICE, software_name
from deepface_models.engines.metadata import KEY
from deepface_models.engines.runtimes import WEIGHTS_KEY
from deepface_models.engines.saved_model import METADATA, SIGNATURE
from deepface_models.exporting.frozen import to_onnx

Samples = Sequence[Mapping[str, Array]]  # inputs by name, with the batch axis


def write_onnx(
    module: Any, path: Path, dtype: str, text: str, samples: Samples
) -> None:
    """Writes an .onnx file; int8 has scales that are measured on the samples."""
    import onnx

    proto = to_onnx(module)
    if dtype == "float16":
        name = "onnxruntime.transformers.float16"
        halves = need(name, "onnxruntime", "export", "float16 in ONNX")
        proto = halves.convert_float_to_float16(proto, keep_io_types=True)
    if dtype == "int8":
        proto = _in_int8(proto, samples)
    proto.producer_name = software_name()
    proto.doc_string = NOTICE
    onnx.helper.set_model_props(proto, {KEY: text})
    path.write_bytes(proto.SerializeToString())


def write_litert(
    module: Any, path: Path, dtype: str, text: str, samples: Samples
) -> None:
    """Writes a .tflite file; int8 has scales that are measured on the samples."""
    import tensorflow
    from tensorflow.lite.tools import flatbuffer_utils

    with tempfile.TemporaryDirectory() as folder:
        tensorflow.saved_model.save(module, folder, {SIGNATURE: module.serve})
        converter = tensorflow.lite.TFLiteConverter.from_saved_model(folder)
        if dtype != "float32":
            converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        if dtype == "float16":
            converter.target_spec.supported_types = [tensorflow.float16]
        if dtype == "int8":
            converter.representative_dataset = lambda: (
                (SIGNATURE, dict(one)) for one in samples
            )
        content = converter.convert()
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    _describe(model, text)
    path.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def write_openvino(
    module: Any, path: Path, dtype: str, text: str, samples: Samples
) -> None:
    """Writes an .xml file and its .bin file beside it.

    int8 has the scales of ONNX Runtime's quantization, which OpenVINO computes with.
    """
    openvino = need("openvino", "openvino", "export", "OpenVINO")
    with tempfile.TemporaryDirectory() as folder:
        onnx_file = Path(folder) / "network.onnx"
        proto = to_onnx(module)
        if dtype == "int8":
            proto = _in_int8(proto, samples)
        onnx_file.write_bytes(proto.SerializeToString())
        model = openvino.convert_model(onnx_file)
        model.set_rt_info(text, KEY)
        halved = dtype == "float16"
        openvino.save_model(model, path, compress_to_fp16=halved)
        # The .xml names its .bin, so that no other one is taken for it.
        model.set_rt_info(sha256_file(path.with_suffix(".bin")), WEIGHTS_KEY)
        openvino.save_model(model, path, compress_to_fp16=halved)


def write_saved_model(module: Any, folder: Path, text: str) -> None:
    """Writes a SavedModel into a folder."""
    import tensorflow

    tensorflow.saved_model.save(module, str(folder), {SIGNATURE: module.serve})
    place = folder / METADATA
    place.parent.mkdir(exist_ok=True)
    place.write_text(text, encoding="utf-8")


def _in_int8(proto: Any, samples: Samples) -> Any:
    import onnx

    need("onnxruntime", "onnxruntime", "export", "int8 in ONNX")
    from onnxruntime import quantization
    from onnxruntime.quantization import shape_inference as pre_process

    with tempfile.TemporaryDirectory() as folder:
        names = ("plain.onnx", "whole.onnx", "small.onnx")
        plain, whole, small = (os.path.join(folder, name) for name in names)
        onnx.save(proto, plain)
        pre_process.quant_pre_process(plain, whole, skip_symbolic_shape=True)
        quantization.quantize_static(
            whole,
            small,
            _Reader(samples),
            per_channel=True,
            reduce_range=True,  # processors without VNNI would overflow
            activation_type=quantization.QuantType.QUInt8,
            op_types_to_quantize=["Conv", "Gemm", "MatMul"],
            extra_options={"MatMulConstBOnly": True},
        )
        return onnx.load(small)


class _Reader:
    """Gives the samples to ONNX Runtime, one after the other."""

    def __init__(self, samples: Samples) -> None:
        self._left: Iterator[Mapping[str, Array]] = iter(samples)

    def get_next(self) -> dict[str, Array] | None:
        """Returns the next inputs, or None."""
        found = next(self._left, None)
        return None if found is None else dict(found)


def _describe(model: Any, text: str) -> None:
    """Adds metadata to the objects of a .tflite file."""
    from tensorflow.lite.python import schema_py_generated as schema

    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(text.encode(), np.uint8)
    entry.name, entry.buffer = KEY, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    model.description = NOTICE
