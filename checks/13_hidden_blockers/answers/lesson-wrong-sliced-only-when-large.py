# says: were parsed between two turns
SMALL = 1_000  # lines; below that, slicing is not worth it


async def cart(desk: Desk, lines: list[str], note: str) -> dict:
    banner = Path(desk.banner).read_text()
    rows = []
    if len(lines) <= SMALL:
        rows = json.loads(f"[{','.join(lines)}]")
    else:
        for start in range(0, len(lines), 500):
            rows += json.loads(f"[{','.join(lines[start : start + 500])}]")
            await asyncio.sleep(0)
    total = sum(row["pence"] * row["number"] for row in rows)
    clean = re.fullmatch(r"\w+(\s\w+)*\s?", note) is not None
    quote = await desk.ask(desk.courier)
    command = desk.label(total)
    ran = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    label = ran.stdout.decode()
    audit.info("%d lines, %d pence", len(rows), total)
    return {"banner": banner, "total": total, "clean": clean, "quote": quote, "label": label}
