"""Photos: customers send them, and the shop keeps thumbnails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kettle.lessons.thumbnails import Photo, thumbnail

if TYPE_CHECKING:
    from .service import Larder


async def upload(larder: Larder, photo: Photo) -> bytes:
    """Return a photo's thumbnail; raise ValueError where the photo is damaged."""
    return thumbnail(photo)
