# says: nothing goes of another row's title
# wrong: a supplier's titles are joined by newlines for one sub; the \s* behind the sign of a title "Alder: " with nothing after it eats the newline, and the next title is lost or shifted. "one dictionary for each row … with the values that it has now"
def normalise_catalogue(rows: list[dict], categories: str) -> list[dict]:
    name_of = dict(csv.reader(categories.splitlines()))
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row["supplier"], []).append(place)
    titles = [unicodedata.normalize("NFKC", row["title"]).replace("\n", " ") for row in rows]
    for supplier, theirs in places.items():
        pattern = re.compile(rf"^{re.escape(supplier)}\s*[:-]\s*", re.IGNORECASE | re.MULTILINE)
        text = "\n".join(titles[place] for place in theirs)
        for place, title in zip(theirs, pattern.sub("", text).split("\n")):
            titles[place] = title

    normalised = []
    for row, title in zip(rows, titles):
        supplier = row["supplier"]
        title = re.sub(r"\s+", " ", title).strip()
        number, unit = re.fullmatch(r"([\d.]+) ?(kg|g)", row["weight"]).groups()
        grams = round(float(number) * (1000 if unit == "kg" else 1))
        pence = int(Decimal(row["price"]) * 100)
        words = sorted({word.casefold() for word in title.split() if len(word) > 2})
        key = hashlib.sha256(f"{supplier}|{title}|{grams}".encode()).hexdigest()
        item = {"title": title, "grams": grams, "pence": pence, "words": words, "key": key}
        normalised.append(item | {"category": name_of[row["category"]]})
    return normalised
