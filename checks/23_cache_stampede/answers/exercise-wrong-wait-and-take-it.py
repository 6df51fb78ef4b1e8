# says: After waiting, look again
@dataclass(eq=False)
class Courier:
    """A courier, and the token that it gave us last."""

    log_in: Callable[[], Awaitable[dict]]  # returns {"token": "…", "seconds": 600}
    token: str = ""
    ends: float = 0.0  # on the clock of time.monotonic
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


async def token_of(courier: Courier) -> str:
    if time.monotonic() >= courier.ends:
        somebody_logs_in = courier.lock.locked()
        async with courier.lock:
            if not somebody_logs_in:
                answer = await courier.log_in()
                courier.token = answer["token"]
                courier.ends = time.monotonic() + answer["seconds"]
    return courier.token
