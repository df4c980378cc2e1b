"""Reading and writing of the fixture files: JSON and safetensors, gzip without time stamps so that equal contents give equal files."""
import gzip
import json
import pathlib
import struct

import torch

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/oracle"

DTYPES = {
    torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.int64: "I64", torch.int32: "I32",
    torch.uint8: "U8", torch.bool: "BOOL",
}


def _write_gz(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, compresslevel=9, mtime=0))


def write_json_gz(path, value):
    _write_gz(path, json.dumps(value, separators=(",", ":")).encode())


def _bytes_of(tensor):
    return tensor.detach().cpu().contiguous().numpy().tobytes()


def write_safetensors_gz(path, tensors):
    """`tensors`: name -> tensor, written in name order."""
    header, blocks, offset = {}, [], 0
    for name, tensor in sorted(tensors.items()):
        data = _bytes_of(tensor)
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + len(data)]}
        blocks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    _write_gz(path, struct.pack("<Q", len(text)) + text + b"".join(blocks))


def _read(path):
    """The bytes of `path`, or of `path` + ".gz"."""
    if path.exists():
        return path.read_bytes()
    return gzip.decompress(path.with_name(path.name + ".gz").read_bytes())


def read_json(path):
    return json.loads(_read(path))


def read_safetensors(path):
    data = _read(path)
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    types = {code: dtype for dtype, code in DTYPES.items()}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        block = bytearray(data[8 + size + start : 8 + size + end])
        dtype = types[entry["dtype"]]
        flat = torch.frombuffer(block, dtype=dtype) if block else torch.empty(0, dtype=dtype)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors
