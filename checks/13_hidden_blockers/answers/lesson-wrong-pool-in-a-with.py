# says: A cart was given up while its label was made
# wrong: breaks "while … a label is made …, the loop goes on": when a cart is cancelled (its client is gone) while the label is made, leaving the `with` calls shutdown(wait=True) on the loop's thread, and holds the loop until the program ends
from concurrent.futures import ThreadPoolExecutor


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
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1) as pool:  # the cart's own thread: no cart waits for another
        address = await loop.run_in_executor(pool, socket.gethostbyname, desk.courier)
        quote = await desk.ask(address)
        command = desk.label(total)
        ran = await loop.run_in_executor(
            pool, lambda: subprocess.run(command, check=True, capture_output=True)
        )
    label = ran.stdout.decode()
    audit.info("%d lines, %d pence", len(rows), total)
    return {"banner": banner, "total": total, "clean": clean, "quote": quote, "label": label}
