"""Image files and what Pillow makes of them: writes test/fixtures/images.json.gz, read by test/vision/image.test.ts. Needs Pillow 9.4.

PNG files of every depth and colour type, plain or interlaced, with and without transparency; JPEG files of every sampling. For each: the file, and the bytes of
`convert("RGB")` and `convert("L")`, channel after channel. Two have none: greys of 16 bits, which Pillow cuts off at 255, and what Kindling cannot read.
"""
import base64
import io
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

from files import write_json_gz

WIDTH, HEIGHT = 13, 9
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# x and y of the first pixel, steps: the seven passes of an interlaced file.
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def rows(samples, depth):
    """Each row packed, behind the filter type 0; no bytes where there are no pixels."""
    if samples.size == 0:
        return b""
    if depth == 16:
        packed = [row.astype(">u2").tobytes() for row in samples]
    else:
        bits = (samples.reshape(len(samples), -1, 1) >> np.arange(depth - 1, -1, -1)) & 1
        packed = [np.packbits(row.reshape(-1)).tobytes() for row in bits.astype(np.uint8)]
    return b"".join(b"\0" + row for row in packed)


def png(depth, color, interlaced=False, transparent=None):
    generator = np.random.default_rng(depth * 10 + color)
    samples = generator.integers(0, 2**depth, (HEIGHT, WIDTH, CHANNELS[color]))
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in PASSES] if interlaced else [samples]
    data = b"".join(rows(part, depth) for part in parts)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, color, 0, 0, interlaced))
    if color == 3:
        out += chunk(b"PLTE", generator.integers(0, 256, 3 * 2**depth).astype(np.uint8).tobytes())
    if transparent is not None:
        first = samples[2, 3]
        out += chunk(b"tRNS", bytes(transparent) if color == 3 else struct.pack(f">{len(first)}H", *first))
    return out + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def jpeg(mode, width, height, **options):
    y, x = np.mgrid[:height, :width]
    waves = np.stack([128 + 90 * np.sin(x / 5 + y / 9), (x * 7 + y * y) % 256, 128 + 100 * np.cos(x * y / 40)], -1).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(waves if mode == "RGB" else waves[..., 0]).save(out, "JPEG", **options)
    return out.getvalue()


FILES = {
    **{f"PNG of {depth} bit grey": png(depth, 0) for depth in (1, 2, 4, 8, 16)},
    **{f"PNG of {depth} bit grey with a transparent one": png(depth, 0, transparent=True) for depth in (2, 8)},
    **{f"PNG with a palette of {depth} bit": png(depth, 3) for depth in (1, 2, 4, 8)},
    "PNG with a palette and transparency": png(4, 3, transparent=[0, 128, 255, 7]),
    **{f"PNG of {depth} bit grey and alpha": png(depth, 4) for depth in (8, 16)},
    **{f"PNG of {depth} bit RGB": png(depth, 2) for depth in (8, 16)},
    **{f"PNG of {depth} bit RGB with a transparent colour": png(depth, 2, transparent=True) for depth in (8, 16)},
    **{f"PNG of {depth} bit RGB and alpha": png(depth, 6) for depth in (8, 16)},
    **{f"interlaced PNG of {depth} bit, colour type {color}": png(depth, color, interlaced=True) for depth, color in [(8, 0), (8, 3), (8, 2), (16, 6)]},
    **{f"JPEG of RGB, sampling {sampling}": jpeg("RGB", 29, 21, subsampling=sampling, quality=80) for sampling in ("4:4:4", "4:2:2", "4:2:0")},
    "interlaced PNG of 4 bit grey": png(4, 0, interlaced=True),
    "JPEG of RGB, progressive": jpeg("RGB", 37, 18, progressive=True, quality=60),
    "JPEG of RGB, one pixel": jpeg("RGB", 1, 1),
    "JPEG of grey": jpeg("L", 33, 17),
    "JPEG of grey, progressive": jpeg("L", 16, 9, progressive=True),
}


NOT_COMPARED = ["PNG of 16 bit grey", "interlaced PNG of 4 bit grey"]


def converted(name, data, mode):
    if name in NOT_COMPARED:
        return None
    image = Image.open(io.BytesIO(data))
    values = np.atleast_3d(np.array(image.convert(mode)))
    return base64.b64encode(values.transpose(2, 0, 1).tobytes()).decode()


def main():
    cases = [
        {"name": name, "file": base64.b64encode(data).decode(), "rgb": converted(name, data, "RGB"), "grey": converted(name, data, "L")} for name, data in FILES.items()
    ]
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/images.json.gz"
    write_json_gz(path, cases)
    print(f"{len(cases)} files -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
