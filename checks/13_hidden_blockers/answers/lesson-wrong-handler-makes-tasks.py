# says: `log` has
class TaskHandler(logging.Handler):
    """Hands each record to the archive in a thread, one after another."""

    def __init__(self, archive: logging.Handler):
        super().__init__(archive.level)
        self.archive = archive
        self.last = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            loop = asyncio.get_running_loop()
            self.last = loop.create_task(self.write(record, self.last))
        except RuntimeError:
            self.handleError(record)

    async def write(self, record: logging.LogRecord, before) -> None:
        if before is not None:
            await before
        await asyncio.to_thread(self.archive.handle, record)


@asynccontextmanager
async def audited(archive: logging.Handler):
    handler = TaskHandler(archive)
    audit.addHandler(handler)
    try:
        yield
    finally:
        audit.removeHandler(handler)
        if handler.last is not None:
            await handler.last


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
