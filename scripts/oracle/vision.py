"""Transforms of images: writes test/fixtures/vision.json.gz, read by test/vision/transforms.test.ts. Needs torchvision 0.14 and Pillow 9.4 besides PyTorch.

Each case is a transform as Kindling spells it, the image that it was given (see `pixels`), and for each of some calls in a row after `manual_seed(seed)` what it
made of it; then the next random number. Images of bytes were PIL images in Python, images of floats tensors.
"""
import base64
import pathlib

import numpy as np
import torch
from PIL import Image
from torchvision import transforms as T
from torchvision.transforms import functional as F

from files import write_json_gz

NEAREST, BICUBIC = T.InterpolationMode.NEAREST, T.InterpolationMode.BICUBIC
GREY, COLOUR, FLOAT = [1, 28, 28], [3, 15, 22], [3, 9, 13]
L, RGB, TENSOR = ("uint8", GREY), ("uint8", COLOUR), ("float32", FLOAT)


def pixels(shape):
    """The same formula stands in the test."""
    c, h, w = np.meshgrid(*(np.arange(size) for size in shape), indexing="ij")
    return ((31 * w + 17 * h + 101 * c + w * h * (c + 3) + w * w * h % 7 * 20) % 256).astype(np.uint8)


def image_of(kind):
    dtype, shape = kind
    values = pixels(shape)
    if dtype == "float32":
        return torch.from_numpy(values).float() / 255
    return Image.fromarray(values[0] if shape[0] == 1 else values.transpose(1, 2, 0))


# Kindling's source, torchvision's transform, images, calls.
CASES = [
    ("Resize(33)", T.Resize(33), [L, RGB, TENSOR], 1),
    ("Resize(7)", T.Resize(7), [L, RGB, TENSOR], 1),
    ("Resize([13, 40])", T.Resize((13, 40)), [L, RGB], 1),
    ("Resize([15, 9])", T.Resize((15, 9)), [RGB], 1),
    ("Resize([29, 22])", T.Resize((29, 22)), [RGB], 1),
    ("Resize(1)", T.Resize(1), [L, RGB], 1),
    ("Resize(20, { maxSize: 24 })", T.Resize(20, max_size=24), [RGB], 1),
    ("Resize([5, 3], { antialias: true })", T.Resize((5, 3), antialias=True), [TENSOR], 1),
    ("Resize([4, 19], { antialias: true, interpolation: 'bicubic' })", T.Resize((4, 19), antialias=True, interpolation=BICUBIC), [TENSOR], 1),
    ("Resize([43, 11], { interpolation: 'bicubic' })", T.Resize((43, 11), interpolation=BICUBIC), [L, RGB], 1),
    ("Resize([6, 31], { interpolation: 'bicubic' })", T.Resize((6, 31), interpolation=BICUBIC), [RGB, TENSOR], 1),
    ("Resize([43, 11], { interpolation: 'nearest' })", T.Resize((43, 11), interpolation=NEAREST), [L, RGB, TENSOR], 1),
    ("Resize([15, 57], { interpolation: 'nearest' })", T.Resize((15, 57), interpolation=NEAREST), [RGB], 1),
    ("RandomHorizontalFlip()", T.RandomHorizontalFlip(), [RGB, TENSOR], 4),
    ("RandomVerticalFlip(0.8)", T.RandomVerticalFlip(0.8), [RGB], 4),
    ("CenterCrop(10)", T.CenterCrop(10), [RGB, TENSOR], 1),
    ("CenterCrop([7, 17])", T.CenterCrop((7, 17)), [RGB], 1),
    ("CenterCrop([20, 15])", T.CenterCrop((20, 15)), [RGB, TENSOR], 1),
    ("CenterCrop([16, 25])", T.CenterCrop((16, 25)), [RGB], 1),
    ("Pad(2)", T.Pad(2), [L, TENSOR], 1),
    ("Pad([1, 3], { fill: [9, 8.7, 255] })", T.Pad((1, 3), fill=(9, 8.7, 255)), [RGB], 1),
    ("Pad([1, 2, 3, 4], { paddingMode: 'edge' })", T.Pad((1, 2, 3, 4), padding_mode="edge"), [RGB, TENSOR], 1),
    ("Pad([5, 4], { paddingMode: 'reflect' })", T.Pad((5, 4), padding_mode="reflect"), [RGB, TENSOR], 1),
    ("Pad([40, 20, 70, 33], { paddingMode: 'reflect' })", T.Pad((40, 20, 70, 33), padding_mode="reflect"), [RGB], 1),
    ("Pad([5, 4], { paddingMode: 'symmetric' })", T.Pad((5, 4), padding_mode="symmetric"), [RGB, TENSOR], 1),
    ("Pad([50, 4, 45, 31], { paddingMode: 'symmetric' })", T.Pad((50, 4, 45, 31), padding_mode="symmetric"), [RGB], 1),
    ("Pad([-3, 2, 4, -5], { paddingMode: 'symmetric' })", T.Pad((-3, 2, 4, -5), padding_mode="symmetric"), [RGB], 1),
    ("Pad([-3, 2, 4, -5], { fill: 7 })", T.Pad((-3, 2, 4, -5), fill=7), [RGB], 1),
    ("RandomCrop(12)", T.RandomCrop(12), [RGB], 3),
    ("RandomCrop(28, { padding: 4 })", T.RandomCrop(28, padding=4), [L], 3),
    ("RandomCrop([9, 13], { padding: [2, 1], paddingMode: 'reflect' })", T.RandomCrop((9, 13), padding=(2, 1), padding_mode="reflect"), [TENSOR], 3),
    ("RandomCrop([15, 22])", T.RandomCrop((15, 22)), [RGB], 1),
    ("RandomCrop([20, 24], { padIfNeeded: true, fill: 5 })", T.RandomCrop((20, 24), pad_if_needed=True, fill=5), [RGB], 3),
    ("RandomResizedCrop(11)", T.RandomResizedCrop(11), [RGB, L], 6),
    ("RandomResizedCrop([8, 14], { scale: [0.3, 0.9], ratio: [0.5, 2], interpolation: 'bicubic' })",
     T.RandomResizedCrop((8, 14), scale=(0.3, 0.9), ratio=(0.5, 2), interpolation=BICUBIC), [RGB], 4),
    ("RandomResizedCrop(9, { interpolation: 'nearest' })", T.RandomResizedCrop(9, interpolation=NEAREST), [RGB, TENSOR], 4),
    ("RandomResizedCrop(6, { scale: [3, 4] })", T.RandomResizedCrop(6, scale=(3, 4)), [RGB], 1),
    ("RandomResizedCrop(6, { scale: [3, 4], ratio: [2, 3] })", T.RandomResizedCrop(6, scale=(3, 4), ratio=(2, 3)), [RGB], 1),
    ("RandomResizedCrop(6, { scale: [3, 4], ratio: [0.3, 0.4] })", T.RandomResizedCrop(6, scale=(3, 4), ratio=(0.3, 0.4)), [L], 1),
    ("Compose([RandomCrop(26, { padding: 1 }), RandomHorizontalFlip(), RandomVerticalFlip()])",
     T.Compose([T.RandomCrop(26, padding=1), T.RandomHorizontalFlip(), T.RandomVerticalFlip()]), [L], 4),
    ("RandomApply([RandomHorizontalFlip(), RandomCrop(8)], { p: 0.6 })",
     T.RandomApply([T.RandomHorizontalFlip(), T.RandomCrop(8)], p=0.6), [RGB], 5),
    ("RandomRotation(30)", T.RandomRotation(30), [RGB, L], 3),
    ("RandomRotation([90, 90])", T.RandomRotation((90, 90)), [RGB, L], 1),
    ("RandomRotation([270, 270], { expand: true })", T.RandomRotation((270, 270), expand=True), [RGB], 1),
    ("RandomRotation([-180, -180])", T.RandomRotation((-180, -180)), [RGB], 1),
    ("RandomRotation(180, { expand: true, fill: [1, 2, 3] })", T.RandomRotation(180, expand=True, fill=(1, 2, 3)), [RGB], 3),
    ("RandomRotation([10, 70], { center: [3, 4.5], fill: 9 })", T.RandomRotation((10, 70), center=(3, 4.5), fill=9), [RGB], 3),
    *(
        (f"Lambda((x) => adjust{name}(x, {amount}))", T.Lambda(lambda image, change=change, amount=amount: change(image, amount)), [RGB, L, TENSOR], 1)
        for name, change, amounts in [
            ("Brightness", F.adjust_brightness, [0, 0.3, 1.7]), ("Contrast", F.adjust_contrast, [0.45, 2.5]),
            ("Saturation", F.adjust_saturation, [0, 0.6, 3.1]), ("Hue", F.adjust_hue, [-0.5, -0.13, 0, 0.31]),
        ]
        for amount in amounts
    ),
    ("Grayscale()", T.Grayscale(), [RGB, L, TENSOR], 1),
    ("Grayscale(3)", T.Grayscale(3), [RGB, L, TENSOR], 1),
    ("ColorJitter({ brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.5 })",
     T.ColorJitter(brightness=0.5, contrast=0.5, saturation=0.5, hue=0.5), [RGB, L, TENSOR], 5),
    ("ColorJitter({ brightness: [0.2, 3], hue: [-0.1, 0.4] })", T.ColorJitter(brightness=(0.2, 3), hue=(-0.1, 0.4)), [RGB], 3),
    ("ColorJitter({ contrast: 2, saturation: [1, 1] })", T.ColorJitter(contrast=2, saturation=(1, 1)), [RGB], 3),
    ("RandomErasing({ p: 0.7 })", T.RandomErasing(p=0.7), [TENSOR], 4),
    ("RandomErasing({ p: 1, value: 'random' })", T.RandomErasing(p=1, value="random"), [TENSOR], 2),
    ("RandomErasing({ p: 1, scale: [0.1, 0.2], ratio: [1, 2], value: [0.1, 0.2, 0.3] })",
     T.RandomErasing(p=1, scale=(0.1, 0.2), ratio=(1, 2), value=[0.1, 0.2, 0.3]), [TENSOR], 2),
    ("RandomErasing({ p: 1, scale: [0.9, 1], ratio: [5, 6] })", T.RandomErasing(p=1, scale=(0.9, 1), ratio=(5, 6)), [TENSOR], 1),
]


def stored(result):
    values = result if isinstance(result, torch.Tensor) else T.functional.pil_to_tensor(result)
    return {"shape": list(values.shape), "bytes": base64.b64encode(values.contiguous().numpy().tobytes()).decode()}


def run(source, transform, kind, calls, seed):
    torch.manual_seed(seed)
    results = [stored(transform(image_of(kind))) for _ in range(calls)]
    return {"source": source, "dtype": kind[0], "image": kind[1], "seed": seed, "results": results, "next": torch.rand(1).item()}


def main():
    cases = [run(source, transform, kind, calls, seed) for seed, (source, transform, kinds, calls) in enumerate(CASES) for kind in kinds]
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/vision.json.gz"
    write_json_gz(path, cases)
    print(f"{len(cases)} cases -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
