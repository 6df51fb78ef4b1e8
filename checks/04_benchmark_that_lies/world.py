"""What the lesson's checks and the exercise's share."""

import asyncio
from dataclasses import replace


def _right(situation, **truth):
    return replace(situation, truth=lambda w: dict(truth))


async def _short(number):
    await asyncio.sleep(0.001)
