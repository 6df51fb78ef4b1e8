"""Thumbnails of the photos that customers upload: work for a processor, pure Python but for `pack`.

The work stands in a module, and not in a notebook's cell, so that a worker process can find it by its name.
"""

import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

ROWS = 16  # pixels on each side of a thumbnail
_LEVELS = bytes(
    level & 0xF0 for level in range(256)
)  # a photo has fewer levels than noise, and can be packed
_LIGHT = tuple((level / 255) ** 2.2 for level in range(256))  # levels are not linear in light, averages are


@dataclass(frozen=True)
class Photo:
    """A square photo: its name, pixels on each side, and three bytes (red, green, blue) for each pixel.

    reached: a row of the thumbnail and what to call, without arguments, when that row is reached; for
    progress bars. It must be possible to pickle it.
    """

    name: str
    side: int
    pixels: bytes = field(repr=False)
    reached: tuple[int, Callable[[], object]] | None = field(default=None, repr=False, compare=False)


def take_photo(name: str, side: int, seed: int) -> Photo:
    """Return a photo with pixels that depend on the seed only.

    name: of the file. side: pixels on each side, at least `ROWS`. seed: of the pixels.
    """
    return Photo(name, side, random.Random(seed).randbytes(3 * side * side).translate(_LEVELS))


def thumbnail(photo: Photo) -> bytes:
    """Return the photo with `ROWS` pixels on each side, three bytes each. Takes time for each pixel.

    Raises ValueError when the photo is damaged.
    """
    return b"".join(strip(photo, row) for row in range(ROWS))


def strip(photo: Photo, row: int) -> bytes:
    """Return one row of the photo's thumbnail.

    row: from 0 to `ROWS` - 1. Raises ValueError when the photo is damaged.
    """
    bottom = photo.side * (row + 1) // ROWS
    whole = 3 * photo.side * photo.side
    # What is missing shows when it is reached; what is too much, at once.
    if len(photo.pixels) < 3 * photo.side * bottom or len(photo.pixels) > whole:
        raise ValueError(f"{photo.name} is damaged: {len(photo.pixels):,} bytes")
    if photo.reached is not None and photo.reached[0] == row:
        photo.reached[1]()
    return b"".join(_average(photo, row, column) for column in range(ROWS))


def pack(photo: Photo) -> bytes:
    """Return the photo's pixels compressed, by C code that lets other threads run meanwhile (zlib)."""
    return zlib.compress(photo.pixels, 1)


def _average(photo: Photo, row: int, column: int) -> bytes:
    top, bottom = (photo.side * (row + more) // ROWS for more in (0, 1))
    left, right = (photo.side * (column + more) // ROWS for more in (0, 1))
    red = green = blue = 0.0
    for y in range(top, bottom):
        line = photo.pixels[3 * (y * photo.side + left) : 3 * (y * photo.side + right)]
        for r, g, b in zip(line[0::3], line[1::3], line[2::3], strict=True):
            red += _LIGHT[r]
            green += _LIGHT[g]
            blue += _LIGHT[b]
    number = (bottom - top) * (right - left)
    return bytes(round(255 * (light / number) ** (1 / 2.2)) for light in (red, green, blue))
