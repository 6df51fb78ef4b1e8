"""Photos, orders, and clients that stop reading: what a check hands to the learner's code."""

import asyncio
from dataclasses import replace

from kettle.lessons.reader import Reader
from kettle.lessons.thumbnails import take_photo

PATIENCE = 2.5  # seconds; paid by wrong answers only


def draw_photos(rng, _):
    """Draw three photos, two of them of one name, and a damaged one."""
    one, twin, other = photo(rng, "IMG_0001.jpg"), photo(rng, "IMG_0001.jpg"), photo(rng, "IMG_0002.jpg")
    return {"photos": [one, twin, other, one], "damaged": replace(one, pixels=one.pixels[:-3])}


def photo(rng, name=None, side=32):
    """Take a photo."""
    return take_photo(name or f"IMG_{rng.randrange(10**6):06}.jpg", side, rng.randrange(1 << 30))


def order(rng):
    """Draw an order."""
    return {"order": rng.randrange(10**9), "note": "“fine, thanks”", "skus": [f"TEA-{rng.randrange(999)}"]}


def draw_orders(rng, _):
    """Draw a list of orders, and a short one."""
    orders = [order(rng) for _ in range(1001)]
    return {"orders": orders, "few": orders[:3]}


async def ends_beside(export, orders, stop):
    """Tell whether an export comes to its end while the client of another one stops reading at a text."""
    ended, texts, in_vain = asyncio.Event(), [], []

    async def slow(text):
        texts.append(text)
        if len(texts) == stop:
            try:
                await asyncio.wait_for(ended.wait(), PATIENCE)
            except TimeoutError:
                in_vain.append(stop)

    async def other():
        await asyncio.sleep(0)
        await export(orders[:], Reader())
        ended.set()

    await asyncio.gather(export(orders[:], slow), other())
    return not in_vain
