# says: had 1101 entries
@asynccontextmanager
async def audited(archive: logging.Handler):
    waiting = queue.Queue(maxsize=1000)
    writer = QueueListener(waiting, archive, respect_handler_level=True)
    handler = QueueHandler(waiting)
    writer.start()
    audit.addHandler(handler)
    try:
        yield
    finally:
        audit.removeHandler(handler)
        writer.stop()
        handler.close()


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
