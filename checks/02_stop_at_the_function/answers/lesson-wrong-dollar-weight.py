# says: When a weight is '250 g\n', the merged code raises
# wrong: the weight's pattern, compiled along with the others, now ends in $ with match, so "250 g\n" is read. "a weight … that cannot be read stops the job with an error, as it does now"
_SPACES = re.compile(r"\s+")
_WEIGHT = re.compile(r"^([\d.]+) ?(kg|g)$")


def normalise_catalogue(rows: list[dict], categories: str) -> list[dict]:
    name_of = dict(csv.reader(categories.splitlines()))
    patterns = {}
    normalised = []
    for row in rows:
        supplier = row["supplier"]
        if supplier not in patterns:
            patterns[supplier] = re.compile(rf"^{re.escape(supplier)}\s*[:-]\s*", re.IGNORECASE)
        title = unicodedata.normalize("NFKC", row["title"])
        title = patterns[supplier].sub("", title)
        title = _SPACES.sub(" ", title).strip()
        number, unit = _WEIGHT.match(row["weight"]).groups()
        grams = round(float(number) * (1000 if unit == "kg" else 1))
        pence = int(Decimal(row["price"]) * 100)
        words = sorted({word.casefold() for word in title.split() if len(word) > 2})
        key = hashlib.sha256(f"{supplier}|{title}|{grams}".encode()).hexdigest()
        item = {"title": title, "grams": grams, "pence": pence, "words": words, "key": key}
        normalised.append(item | {"category": name_of[row["category"]]})
    return normalised
