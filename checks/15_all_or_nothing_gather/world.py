"""What the lesson's checks and the exercise's share."""

import asyncio

BUG = KeyError


LEFT = asyncio.CancelledError
