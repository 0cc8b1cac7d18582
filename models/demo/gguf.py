"""Writes GGUF version 3 files: metadata and tensors as F32, F16 or Q8_0."""
import struct

import numpy

ALIGNMENT = 32
F32, F16, Q8_0 = 0, 1, 8
_scalars = {"u32": (4, "<I"), "i32": (5, "<i"), "f32": (6, "<f"), "bool": (7, "<?")}


def _string(text):
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def _value(kind, value):
    return _string(value) if kind == "str" else struct.pack(_scalars[kind][1], value)


def _field(key, kind, value):
    """One metadata field; a kind of "[str]" is an array of str."""
    if kind.startswith("["):
        inner = kind[1:-1]
        code = 8 if inner == "str" else _scalars[inner][0]
        head = struct.pack("<IIQ", 9, code, len(value))
        return _string(key) + head + b"".join(_value(inner, item) for item in value)
    code = 8 if kind == "str" else _scalars[kind][0]
    return _string(key) + struct.pack("<I", code) + _value(kind, value)


def quantise(array):
    """Q8_0: blocks of 32 values, each a half-float scale and 32 signed bytes."""
    blocks = array.astype(numpy.float32).reshape(-1, 32)
    scale = numpy.abs(blocks).max(axis=1, keepdims=True) / 127
    inverse = numpy.divide(1, scale, out=numpy.zeros_like(scale), where=scale > 0)
    values = numpy.rint(blocks * inverse).astype(numpy.int8)
    return numpy.concatenate([scale.astype("<f2").view(numpy.int8).reshape(-1, 2), values], axis=1).tobytes()


def _encode(array, matrix_type):
    if array.ndim == 1:
        return F32, array.astype("<f4").tobytes()
    if matrix_type == Q8_0:
        return Q8_0, quantise(array)
    return F16, array.astype("<f2").tobytes()


def write(path, fields, tensors, matrix_type=Q8_0):
    """Writes a file from (key, kind, value) fields and (name, array) tensors; gives its size in bytes."""
    infos, blobs, offset = b"", [], 0
    for name, array in tensors:
        kind, data = _encode(array, matrix_type)
        shape = b"".join(struct.pack("<Q", size) for size in reversed(array.shape))
        infos += _string(name) + struct.pack("<I", array.ndim) + shape + struct.pack("<IQ", kind, offset)
        data += b"\0" * (-len(data) % ALIGNMENT)
        offset += len(data)
        blobs.append(data)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields))
    head += b"".join(_field(*field) for field in fields) + infos
    head += b"\0" * (-len(head) % ALIGNMENT)
    with open(path, "wb") as file:
        file.write(head + b"".join(blobs))
    return len(head) + offset
