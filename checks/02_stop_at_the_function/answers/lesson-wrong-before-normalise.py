# says: makes a plain colon of a wide one
# wrong: the name is taken away before NFKC: full-width colons do not count
def normalise_catalogue(rows: list[dict], categories: str) -> list[dict]:
    name_of = dict(csv.reader(categories.splitlines()))
    patterns = {}
    normalised = []
    for row in rows:
        supplier = row["supplier"]
        if supplier not in patterns:
            patterns[supplier] = re.compile(rf"^{re.escape(supplier)}\s*[:-]\s*", re.IGNORECASE)
        title = unicodedata.normalize("NFKC", patterns[supplier].sub("", row["title"]))
        title = re.sub(r"\s+", " ", title).strip()
        number, unit = re.fullmatch(r"([\d.]+) ?(kg|g)", row["weight"]).groups()
        grams = round(float(number) * (1000 if unit == "kg" else 1))
        pence = int(Decimal(row["price"]) * 100)
        words = sorted({word.casefold() for word in title.split() if len(word) > 2})
        key = hashlib.sha256(f"{supplier}|{title}|{grams}".encode()).hexdigest()
        item = {"key": key, "title": title, "grams": grams, "pence": pence, "words": words}
        normalised.append(item | {"category": name_of[row["category"]]})
    return normalised
