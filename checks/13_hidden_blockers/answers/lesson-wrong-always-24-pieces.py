# says: of 12,500 lines were parsed between two turns
# wrong: breaks "at most 500 lines of a cart are parsed between two turns of the loop": 24 pieces are 500 lines each for 12,000, but 501 and more for a cart of 12,001 lines or of 50,000
@asynccontextmanager
async def audited(archive: logging.Handler):
    waiting = queue.SimpleQueue()
    writer = QueueListener(waiting, archive, respect_handler_level=True)
    sender = QueueHandler(waiting)
    writer.start()
    audit.addHandler(sender)
    try:
        yield
    finally:
        audit.removeHandler(sender)
        writer.stop()


PIECES = 24  # of a large cart: 500 lines each


async def cart(desk: Desk, lines: list[str], note: str) -> dict:
    banner = Path(desk.banner).read_text()
    rows, size = [], max(500, -(-len(lines) // PIECES))
    for start in range(0, len(lines), size):
        rows += json.loads(f"[{','.join(lines[start : start + size])}]")
        await asyncio.sleep(0)
    total = sum(row["pence"] * row["number"] for row in rows)
    clean = re.fullmatch(r"\w+(\s\w+)*\s?", note) is not None
    quote = await desk.ask(desk.courier)
    ran = await asyncio.to_thread(subprocess.run, desk.label(total), check=True, capture_output=True)
    label = ran.stdout.decode()
    audit.info("%d lines, %d pence", len(rows), total)
    return {"banner": banner, "total": total, "clean": clean, "quote": quote, "label": label}
