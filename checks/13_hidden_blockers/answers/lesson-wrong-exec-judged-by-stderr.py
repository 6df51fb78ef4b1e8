# says: is killed in the middle of its line
async def output_of(command) -> str:
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    out, err = await program.communicate()
    if err:
        raise subprocess.CalledProcessError(program.returncode, command, out, err)
    return out.decode()


@asynccontextmanager
async def audited(archive: logging.Handler):
    waiting = queue.SimpleQueue()
    sender = QueueHandler(waiting)
    writer = QueueListener(waiting, archive, respect_handler_level=True)
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
    label = await output_of(desk.label(total))
    audit.info("%d lines, %d pence", len(rows), total)
    return {"banner": banner, "total": total, "clean": clean, "quote": quote, "label": label}
