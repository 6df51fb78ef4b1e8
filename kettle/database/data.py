"""Made-up rows for Kettle & Crumb's tables: the same seed and sizes give the same rows on every machine."""

import random
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

SALE = datetime(2026, 11, 20, 18, 0)  # noqa: DTZ001 (the tables hold UTC, without saying so)
FIRST = [
    "Ada",
    "Bram",
    "Carmen",
    "Dev",
    "Elin",
    "Farid",
    "Greta",
    "Hugo",
    "Imani",
    "Jonas",
    "Keiko",
    "Lena",
    "Milo",
    "Nadia",
    "Otis",
    "Pilar",
    "Quinn",
    "Rosa",
    "Sven",
    "Tala",
]
LAST = [
    "Ahmed",
    "Brandt",
    "Castro",
    "Dimov",
    "Eriksen",
    "Fofana",
    "Gallo",
    "Hansen",
    "Ito",
    "Jansen",
    "Kowalska",
    "Lindqvist",
    "Moreau",
    "Novak",
]
TEAS = [
    "Assam",
    "Ceylon",
    "Darjeeling",
    "Keemun",
    "Lapsang",
    "Matcha",
    "Oolong",
    "Rooibos",
    "Sencha",
    "Yunnan",
]
BISCUITS = ["almond", "butter", "caramel", "ginger", "hazel", "lemon", "oat", "rye", "sesame", "walnut"]
COUNTRIES = ["CN", "DE", "FR", "GB", "IN", "IT", "JP", "KE", "LK", "PL"]
STATUSES = ("placed", "paid", "packed", "sent", "delivered")
OPINIONS = ("Never again.", "Not for me.", "Fine with milk.", "Very good.", "The best I have had.")


@dataclass(frozen=True)
class Sizes:
    """How many rows of each kind: lines and events for each order, reviews for each product."""

    suppliers: int = 10
    products: int = 100
    customers: int = 50
    orders: int = 100
    lines: int = 3
    events: int = 2
    reviews: int = 2


@dataclass(frozen=True, repr=False)
class Rows:
    """Rows of every table as dictionaries, in the order of their ids, which begin at 1."""

    suppliers: tuple[dict, ...] = ()
    products: tuple[dict, ...] = ()
    customers: tuple[dict, ...] = ()
    orders: tuple[dict, ...] = ()
    order_lines: tuple[dict, ...] = ()
    order_events: tuple[dict, ...] = ()
    reviews: tuple[dict, ...] = ()
    seed: int = field(default=0)

    def tables(self) -> dict[str, tuple[dict, ...]]:
        """Return the rows by table, parents before children."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "seed"}

    def __repr__(self) -> str:
        told = ", ".join(f"{len(rows):,} {name}" for name, rows in self.tables().items())
        return f"<seed {self.seed}: {told}>"


def make_rows(seed: int = 0, sizes: Sizes | None = None) -> Rows:
    """Make the rows of all tables from a seed.

    Every supplier has a product and every customer an order as far as the sizes allow: they are dealt out
    in a shuffled round, so that the number of distinct parents does not depend on luck.
    """
    sizes = sizes or Sizes()
    rng = random.Random(seed)
    suppliers = _suppliers(rng, sizes.suppliers)
    products = _products(rng, sizes.products, len(suppliers))
    customers = _customers(rng, sizes.customers)
    orders = _orders(rng, sizes.orders, len(customers))
    lines = _lines(rng, orders, products, sizes.lines)
    return Rows(
        suppliers,
        products,
        customers,
        orders,
        lines,
        _events(rng, orders, sizes.events),
        _reviews(rng, len(products), len(customers), sizes.reviews),
        seed,
    )


def _numbered(rows: list[dict]) -> tuple[dict, ...]:
    return tuple({"id": number, **row} for number, row in enumerate(rows, 1))


def _dealt(rng: random.Random, count: int, parents: int) -> list[int]:
    """Return `count` ids out of 1..parents, each about equally often, in random order."""
    if count and not parents:
        raise ValueError(
            "Rows need at least one row to belong to: give more suppliers, products or customers."
        )
    dealt = [number % parents + 1 for number in range(count)]
    rng.shuffle(dealt)
    return dealt


def _suppliers(rng: random.Random, count: int) -> tuple[dict, ...]:
    names = [f"{rng.choice(LAST)} & {rng.choice(LAST)}" for _ in range(count)]
    return _numbered(
        [{"name": f"{name} {n}", "country": rng.choice(COUNTRIES)} for n, name in enumerate(names, 1)]
    )


def _products(rng: random.Random, count: int, suppliers: int) -> tuple[dict, ...]:
    rows = []
    for number, supplier in enumerate(_dealt(rng, count, suppliers), 1):
        name = f"{rng.choice(TEAS)} tea" if rng.random() < 0.6 else f"{rng.choice(BISCUITS).title()} biscuits"
        rows.append(
            {
                "sku": f"KC-{number:05d}",
                "name": name,
                "price_cents": rng.randrange(150, 4000, 5),
                "stock": rng.randrange(0, 500),
                "supplier_id": supplier,
            }
        )
    return _numbered(rows)


def _customers(rng: random.Random, count: int) -> tuple[dict, ...]:
    rows = []
    for number in range(1, count + 1):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        rows.append({"name": f"{first} {last}", "email": f"{first}.{last}.{number}@example.org".lower()})
    return _numbered(rows)


def _orders(rng: random.Random, count: int, customers: int) -> tuple[dict, ...]:
    rows = []
    for customer in _dealt(rng, count, customers):
        placed = SALE + timedelta(seconds=rng.randrange(7 * 24 * 3600))
        rows.append({"placed_at": placed, "status": rng.choice(STATUSES), "customer_id": customer})
    return _numbered(rows)


def _lines(rng: random.Random, orders: tuple, products: tuple, each: int) -> tuple[dict, ...]:
    rows = []
    for order in orders:
        # without repetition where there are enough products, as a basket would have it
        chosen = rng.sample(products, each) if each <= len(products) else rng.choices(products, k=each)
        rows += [
            {
                "order_id": order["id"],
                "product_id": product["id"],
                "quantity": rng.randrange(1, 6),
                "price_cents": product["price_cents"],
            }
            for product in chosen
        ]
    return _numbered(rows)


def _events(rng: random.Random, orders: tuple, each: int) -> tuple[dict, ...]:
    rows = []
    for order in orders:
        for step in range(each):
            happened = order["placed_at"] + timedelta(minutes=7 * step + rng.randrange(7))
            rows.append(
                {"order_id": order["id"], "happened_at": happened, "what": STATUSES[step % len(STATUSES)]}
            )
    return _numbered(rows)


def _reviews(rng: random.Random, products: int, customers: int, each: int) -> tuple[dict, ...]:
    rows = []
    for product, customer in zip(
        [number for number in range(1, products + 1) for _ in range(each)],
        _dealt(rng, products * each, customers),
        strict=True,
    ):
        stars = rng.randrange(1, 6)
        rows.append(
            {"product_id": product, "customer_id": customer, "stars": stars, "text": OPINIONS[stars - 1]}
        )
    return _numbered(rows)
