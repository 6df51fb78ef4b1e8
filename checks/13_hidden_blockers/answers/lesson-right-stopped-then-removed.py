# The listener is stopped before its handler is removed: what is logged meanwhile may be missing.
from contextlib import AsyncExitStack


@asynccontextmanager
async def audited(archive: logging.Handler):
    waiting = queue.SimpleQueue()
    sender, writer = QueueHandler(waiting), QueueListener(waiting, archive, respect_handler_level=True)
    async with AsyncExitStack() as stack:
        audit.addHandler(sender)
        stack.callback(audit.removeHandler, sender)
        writer.start()
        stack.push_async_callback(asyncio.to_thread, writer.stop)
        yield


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
