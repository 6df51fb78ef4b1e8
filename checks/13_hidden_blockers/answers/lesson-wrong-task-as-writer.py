# says: a thread logs a line, and the service ends at once
# wrong: breaks "every line that was logged while it ran is written" (and "whoever logged it"): a line that a thread logs just before the end is only scheduled when join() already sees an empty queue, and is lost
import threading


class LoopHandler(logging.Handler):
    def __init__(self, waiting: asyncio.Queue) -> None:
        super().__init__()
        self.waiting, self.loop, self.thread = waiting, asyncio.get_running_loop(), threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args = record.getMessage(), None
        if threading.get_ident() == self.thread:
            self.waiting.put_nowait(record)
        else:  # an asyncio.Queue must not be touched from another thread
            self.loop.call_soon_threadsafe(self.waiting.put_nowait, record)


@asynccontextmanager
async def audited(archive: logging.Handler):
    waiting = asyncio.Queue()

    async def write() -> None:
        while True:
            record = await waiting.get()
            try:
                await asyncio.to_thread(archive.handle, record)
            finally:
                waiting.task_done()

    handler, writer = LoopHandler(waiting), asyncio.create_task(write())
    handler.setLevel(archive.level)
    audit.addHandler(handler)
    try:
        yield
    finally:
        audit.removeHandler(handler)
        await waiting.join()
        writer.cancel()
        await asyncio.wait([writer])


async def cart(desk: Desk, lines: list[str], note: str) -> dict:
    banner = Path(desk.banner).read_text()
    rows = []
    for start in range(0, len(lines), 500):
        rows += json.loads(f"[{','.join(lines[start : start + 500])}]")
        await asyncio.sleep(0)
    total = sum(row["pence"] * row["number"] for row in rows)
    clean = re.fullmatch(r"\w+(\s\w+)*\s?", note) is not None
    quote = await desk.ask(desk.courier)
    ran = await asyncio.to_thread(subprocess.run, desk.label(total), check=True, capture_output=True)
    label = ran.stdout.decode()
    audit.info("%d lines, %d pence", len(rows), total)
    return {"banner": banner, "total": total, "clean": clean, "quote": quote, "label": label}
