# says: Such a title does not begin with the name
# wrong: blanks are tidied before the name is taken away, so "  Alder: Assam" (begins with a blank, stays as it is now) loses its name. "the supplier's name is taken away where the title begins with it"
from functools import cache


@cache
def _name(supplier: str) -> re.Pattern:
    return re.compile(rf"{re.escape(supplier)} ?[:-] ?", re.IGNORECASE)


def normalise_catalogue(rows: list[dict], categories: str) -> list[dict]:
    name_of = dict(csv.reader(categories.splitlines()))
    normalised = []
    for row in rows:
        supplier = row["supplier"]
        title = " ".join(unicodedata.normalize("NFKC", row["title"]).split())
        if found := _name(supplier).match(title):
            title = title[found.end() :]
        number, unit = re.fullmatch(r"([\d.]+) ?(kg|g)", row["weight"]).groups()
        grams = round(float(number) * (1000 if unit == "kg" else 1))
        pence = int(Decimal(row["price"]) * 100)
        words = sorted({word.casefold() for word in title.split() if len(word) > 2})
        key = hashlib.sha256(f"{supplier}|{title}|{grams}".encode()).hexdigest()
        item = {"title": title, "grams": grams, "pence": pence, "words": words, "key": key}
        normalised.append(item | {"category": name_of[row["category"]]})
    return normalised
