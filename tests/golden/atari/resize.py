"""Prints resize.tsv: hashes of what OpenCV makes of two frames, for FrameResizerTests (needs python3-opencv)."""

import hashlib

import cv2
import numpy as np

WIDTH = 160
INDEX = np.arange(256)
PALETTE = np.stack([INDEX * 37 & 255, INDEX * 91 + 13 & 255, INDEX * 151 + 7 & 255], -1).astype(np.uint8)
GRAYS = (INDEX * 29 + 5 & 255).astype(np.uint8)


def xorshift(seed, count):
    numbers = np.empty(count, np.uint32)
    x = seed
    for i in range(count):
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        numbers[i] = x
    return numbers


def frames(kind, seed, height):
    """Two frames: of single pixels, of blocks that mostly agree, or of blocks with odd indices among them."""
    block = 1 if kind == "noise" else 4
    rows, columns = -(-height // block), WIDTH // block
    draws = xorshift(seed, rows * columns)
    small = ((draws & (255 if kind == "odd" else 254)).reshape(rows, columns)).astype(np.uint8)
    change = (draws >> 8 & 15 == 0).reshape(rows, columns)
    other = np.where(change, draws.reshape(rows, columns) >> 16 & 254, small).astype(np.uint8)
    return [np.repeat(np.repeat(frame, block, 0), block, 1)[:height] for frame in (small, other)]


print("kind\tseed\tsource\twidth\theight\tcolors\tgrays")
seed = 1
for kind in ("noise", "blocks", "odd"):
    for source in (210, 214, 220, 230, 250):
        for width, height in ((84, 84), (160, source), (80, 105), (96, 96), (64, 64), (40, 70), (83, 101), (9, 11), (80, 125)):
            first, second = frames(kind, seed, source)
            colors = cv2.cvtColor(np.maximum(PALETTE[first], PALETTE[second]), cv2.COLOR_RGB2GRAY)
            grays = np.maximum(GRAYS[first], GRAYS[second])
            hashes = [hashlib.sha256(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA).tobytes()).hexdigest()[:16]
                      for image in (colors, grays)]
            print(kind, seed, source, width, height, *hashes, sep="\t")
            seed += 1
