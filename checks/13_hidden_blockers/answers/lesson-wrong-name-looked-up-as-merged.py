# says: The courier's name was looked up on the event loop's own thread
# The merged cart from further up, where the look-up was still there, with the other lines put right.


async def cart(desk: Desk, lines: list[str], note: str) -> dict:
    banner, rows = Path(desk.banner).read_text(), []
    for start in range(0, len(lines), 500):
        rows += json.loads(f"[{','.join(lines[start : start + 500])}]")
        await asyncio.sleep(0)
    total = sum(row["pence"] * row["number"] for row in rows)
    clean = re.fullmatch(r"\w+(\s\w+)*\s?", note) is not None
    quote = await desk.ask(socket.gethostbyname(desk.courier))
    made = await asyncio.to_thread(subprocess.run, desk.label(total), check=True, capture_output=True)
    audit.info("%d lines, %d pence", len(rows), total)
    return {"banner": banner, "total": total, "clean": clean, "quote": quote, "label": made.stdout.decode()}
