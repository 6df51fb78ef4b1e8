"""What the shop knows: customers, orders, products and more, the same for the same seed in any process."""

import hashlib
import random
from typing import Any

Answer = Any  # JSON: a dictionary or a list of some; None where there is nothing


def _of(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


_FIRST = _of(
    "Ada, Bilal, Chloe, Dmitri, Esi, Farid, Greta, Hana, Ivo, Jun, Kofi, Lena, Maya, Nils, Olga, Quinn"
)
_LAST = _of(
    "Abara, Berg, Costa, Dunn, Eze, Fontaine, Grau, Haas, Ito, Jansen, Kaya, Lund, Moreau, Novak, Roy"
)
_STREETS = _of("Harbour Road, Mill Lane, Station Street, Orchard Row, Market Square, Canal Walk")
_LEAVES = _of("Assam, Ceylon, Darjeeling, Earl Grey, Genmaicha, Keemun, Lapsang, Oolong, Rooibos, Sencha")
_KINDS = _of("biscuits, caddy, gift box, loose leaf, pyramid bags, tasting set")
_WORDS = _of("arrived fresh, a bit strong, lovely with milk, would buy again, tin was dented, best this year")
_EVENTS = _of("back in stock, price drop, order delayed, voucher expires soon")
SOLD_OUT = 4  # suppliers whose numbers are multiples of it hold nothing once the shop has been revised
_RATES = {"AT": 20, "DE": 19, "DK": 25, "ES": 21, "FR": 20, "GB": 20, "IE": 23, "IT": 22, "NL": 21, "SE": 25}


class Data:
    """The shop's data for one seed.

    Each route has a method of its own name, which gives the JSON that the route answers, or None where there
    is nothing under that id. Nothing is stored but the addresses: each answer is drawn from the seed and the
    id. Amounts are in pence.
    """

    customers = range(1001, 1201)
    products = tuple(f"KC-{number:04}" for number in range(1, 121))
    suppliers = range(1, 61)
    items = range(10_000)
    couriers = range(1, 13)
    countries = tuple(_RATES)

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.revision = (
            0  # with it, all that the shop answers changes: customers move, suppliers are sold out
        )
        self._addresses: list[dict[str, int]] = []  # of each revision: who has moved is found there still

    def __repr__(self) -> str:
        return f"Data(seed={self.seed}): {len(self.customers)} customers, {len(self.products)} products"

    def answer(self, route: str, values: dict[str, str], query: dict[str, str], body: Any) -> Answer:
        """Give the JSON of a route, for the values in its path, its query and its body."""
        if route == "rates":
            return self.rates(body)
        plain = {name: int(value) if value.isdecimal() else value for name, value in values.items()}
        if route == "quote":
            plain["postcode"] = query.get("postcode", "")
        return getattr(self, route)(**plain)

    def profile(self, customer: int) -> Answer:
        """Who a customer is, and the id of their address."""
        if customer not in self.customers:
            return None
        draw = self._draw("profile", customer)
        name = f"{draw.choice(_FIRST)} {draw.choice(_LAST)}"
        since = draw.randint(2015, 2025)
        return {
            "id": customer,
            "name": name,
            "since": since,
            "address": self._address_id(customer, self.revision),
        }

    def orders(self, customer: int) -> Answer:
        """A customer's orders, with their lines."""
        if customer not in self.customers:
            return None
        draw = self._draw("orders", customer)
        return [self._order(draw, customer * 100 + number) for number in range(draw.randint(2, 5))]

    def alerts(self, customer: int) -> Answer:
        """What a customer asked to be told."""
        if customer not in self.customers:
            return None
        draw = self._draw("alerts", customer)
        return [
            {"id": customer * 10 + number, "event": draw.choice(_EVENTS), "sku": draw.choice(self.products)}
            for number in range(draw.randint(1, 3))
        ]

    def address(self, address: str) -> Answer:
        """An address, by the id that the profile gives."""
        if (customer := self._who_lives_at(str(address))) is None:
            return None
        draw = self._draw("address", address)
        street = f"{draw.randint(1, 99)} {draw.choice(_STREETS)}"
        country = draw.choice(self.countries)
        return {
            "id": address,
            "customer": customer,
            "street": street,
            "postcode": _postcode(draw),
            "country": country,
        }

    def product(self, sku: str) -> Answer:
        """A product, with its price and supplier."""
        if sku not in self.products:
            return None
        draw = self._draw("product", sku)
        name = f"{draw.choice(_LEAVES)} {draw.choice(_KINDS)}"
        return {
            "sku": sku,
            "name": name,
            "price": draw.randint(250, 4200),
            "supplier": draw.choice(self.suppliers),
        }

    def reviews(self, sku: str) -> Answer:
        """What customers wrote about a product."""
        if sku not in self.products:
            return None
        draw = self._draw("reviews", sku)
        return [
            {"by": draw.choice(_FIRST), "stars": draw.randint(1, 5), "text": draw.choice(_WORDS)}
            for _ in range(draw.randint(1, 5))
        ]

    def related(self, sku: str) -> Answer:
        """Four other products."""
        if sku not in self.products:
            return None
        others = [other for other in self.products if other != sku]
        return [{"sku": other} for other in self._draw("related", sku).sample(others, 4)]

    def stock(self, supplier: int) -> Answer:
        """How much of six products a supplier holds."""
        if supplier not in self.suppliers:
            return None
        if self.revision and supplier % SOLD_OUT == 0:
            return {"supplier": supplier, "levels": {}}
        draw = self._draw("stock", supplier)
        levels = {sku: draw.randint(0, 500) for sku in draw.sample(self.products, 6)}
        return {"supplier": supplier, "levels": levels}

    def catalogue(self, supplier: int, item: int) -> Answer:
        """One item of a supplier's catalogue."""
        if supplier not in self.suppliers or item not in self.items:
            return None
        draw = self._draw("catalogue", supplier, item)
        price, weight = draw.randint(120, 9900), draw.randint(20, 2000)
        return {"supplier": supplier, "item": item, "price": price, "grams": weight}

    def quote(self, courier: int, postcode: str) -> Answer:
        """A courier's price to a postcode."""
        if courier not in self.couriers or not postcode:
            return None
        draw = self._draw("quote", courier, str(postcode).upper())
        return {
            "courier": courier,
            "postcode": postcode,
            "price": draw.randint(299, 1299),
            "days": draw.randint(1, 6),
        }

    def tax(self, country: str) -> Answer:
        """A country's rate of value added tax."""
        rate = _RATES.get(country)
        return None if rate is None else {"country": country, "percent": rate}

    def rates(self, body: Any) -> Answer:
        """Give every courier's price for a parcel; body: {"postcode": text, "grams": number}."""
        if not isinstance(body, dict) or not isinstance(body.get("grams"), int) or not body.get("postcode"):
            return None
        quotes = (self.quote(courier, body["postcode"]) for courier in self.couriers)
        extra = body["grams"] // 500 * 40
        return [{**quote, "price": quote["price"] + extra} for quote in quotes]

    def health(self) -> Answer:
        """That the shop is up."""
        return {"status": "ok"}

    def _order(self, draw: random.Random, number: int) -> dict[str, Any]:
        lines: list[dict[str, Any]] = [
            {
                "sku": draw.choice(self.products),
                "quantity": draw.randint(1, 4),
                "price": draw.randint(250, 4200),
            }
            for _ in range(draw.randint(1, 4))
        ]
        return {
            "id": number,
            "total": sum(line["quantity"] * line["price"] for line in lines),
            "lines": lines,
        }

    def _who_lives_at(self, address: str) -> int | None:
        for revision in range(len(self._addresses), self.revision + 1):
            self._addresses.append(
                {self._address_id(customer, revision): customer for customer in self.customers}
            )
        return next((there[address] for there in reversed(self._addresses) if address in there), None)

    def _address_id(self, customer: int, revision: int) -> str:
        # Drawn by hash, so that no address can be asked for before its profile has been read.
        world = f"{self.seed}/{revision}" if revision else str(self.seed)
        return "a" + hashlib.sha256(f"{world}/address/{customer}".encode()).hexdigest()[:9]

    def _draw(self, *what: object) -> random.Random:
        world = (self.seed, self.revision) if self.revision else (self.seed,)
        return random.Random("/".join(map(str, (*world, *what))))  # a text seeds alike in every process


def _postcode(draw: random.Random) -> str:
    letters = "ABCDEFGHKLMNPRSTVWXY"
    area = draw.choice(letters) + draw.choice(letters)
    return f"{area}{draw.randint(1, 20)} {draw.randint(1, 9)}{draw.choice(letters)}"
