# says: is killed in the middle of its line
# wrong: breaks "What failed still raises" and "none for one that failed": a program ended by a signal has a negative return code, and `> 0` lets it pass, with half a label and a line in the log
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


async def cart(desk: Desk, lines: list[str], note: str) -> dict:
    banner = Path(desk.banner).read_text()
    rows = []
    for start in range(0, len(lines), 500):
        rows += json.loads(f"[{','.join(lines[start : start + 500])}]")
        await asyncio.sleep(0)
    total = sum(row["pence"] * row["number"] for row in rows)
    clean = re.fullmatch(r"\w+(\s\w+)*\s?", note) is not None
    quote = await desk.ask(desk.courier)
    command, pipe = desk.label(total), asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    out, err = await process.communicate()
    if process.returncode > 0:
        raise subprocess.CalledProcessError(process.returncode, command, out, err)
    label = out.decode()
    audit.info("%d lines, %d pence", len(rows), total)
    return {"banner": banner, "total": total, "clean": clean, "quote": quote, "label": label}
