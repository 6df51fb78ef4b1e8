# A look-up that is imported, and kept where it is bound before any desk is open.
from functools import partial
from socket import gethostbyname

look_up = partial(asyncio.to_thread, gethostbyname)


@asynccontextmanager
async def audited(archive: logging.Handler):
    waiting = queue.SimpleQueue()
    sender, writer = QueueHandler(waiting), QueueListener(waiting, archive)
    audit.addHandler(sender)
    writer.start()
    try:
        yield
    finally:
        audit.removeHandler(sender)
        await asyncio.to_thread(writer.stop)


async def cart(desk: Desk, lines: list[str], note: str) -> dict:
    banner, rows = Path(desk.banner).read_text(), []
    for start in range(0, len(lines), 500):
        rows += json.loads(f"[{','.join(lines[start : start + 500])}]")
        await asyncio.sleep(0)
    total = sum(row["pence"] * row["number"] for row in rows)
    clean = re.fullmatch(r"\w+(\s\w+)*\s?", note) is not None
    quote = await desk.ask(await look_up(desk.courier))
    made = await asyncio.to_thread(subprocess.run, desk.label(total), check=True, capture_output=True)
    audit.info("%d lines, %d pence", len(rows), total)
    return {"banner": banner, "total": total, "clean": clean, "quote": quote, "label": made.stdout.decode()}
