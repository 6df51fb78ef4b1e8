# says: When a category of the run before is gone
# wrong: the table of categories is kept and updated; a category that is gone from tonight's text still has its old name instead of an error. "what has changed in a row or a category since the last run shows"
class _Normaliser:
    def __init__(self):
        self.patterns = {}
        self.name_of = {}
        self.seen = None

    def learn(self, categories):
        if categories != self.seen:
            self.name_of.update(csv.reader(categories.splitlines()))
            self.seen = categories

    def strip(self, supplier, title):
        pattern = self.patterns.get(supplier)
        if pattern is None:
            pattern = re.compile(rf"^{re.escape(supplier)}\s*[:-]\s*", re.IGNORECASE)
            self.patterns[supplier] = pattern
        return pattern.sub("", title)


_normaliser = _Normaliser()


def normalise_catalogue(rows: list[dict], categories: str) -> list[dict]:
    _normaliser.learn(categories)
    name_of = _normaliser.name_of
    normalised = []
    for row in rows:
        supplier = row["supplier"]
        title = unicodedata.normalize("NFKC", row["title"])
        title = _normaliser.strip(supplier, title)
        title = re.sub(r"\s+", " ", title).strip()
        number, unit = re.fullmatch(r"([\d.]+) ?(kg|g)", row["weight"]).groups()
        grams = round(float(number) * (1000 if unit == "kg" else 1))
        pence = int(Decimal(row["price"]) * 100)
        words = sorted({word.casefold() for word in title.split() if len(word) > 2})
        key = hashlib.sha256(f"{supplier}|{title}|{grams}".encode()).hexdigest()
        item = {"title": title, "grams": grams, "pence": pence, "words": words, "key": key}
        normalised.append(item | {"category": name_of[row["category"]]})
    return normalised
