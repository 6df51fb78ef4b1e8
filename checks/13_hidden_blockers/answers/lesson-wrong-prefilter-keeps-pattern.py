# says: With two spaces in a row
OTHER = re.compile(r"[^\w\s]")


async def cart(desk: Desk, lines: list[str], note: str) -> dict:
    banner = Path(desk.banner).read_text()
    rows = []
    for start in range(0, len(lines), 500):
        rows += json.loads(f"[{','.join(lines[start : start + 500])}]")
        await asyncio.sleep(0)
    total = sum(row["pence"] * row["number"] for row in rows)
    # the slow case is a character that cannot match at all, so ask for that first
    clean = OTHER.search(note) is None and re.fullmatch(r"(\w+\s?)+", note) is not None
    quote = await desk.ask(desk.courier)
    made = await asyncio.to_thread(subprocess.run, desk.label(total), check=True, capture_output=True)
    label = made.stdout.decode()
    audit.info("%d lines, %d pence", len(rows), total)
    return {"banner": banner, "total": total, "clean": clean, "quote": quote, "label": label}
