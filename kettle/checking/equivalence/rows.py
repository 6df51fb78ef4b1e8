"""Rows with every edge that a page over the shop's tables can meet, in an order that helps nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from operator import itemgetter
from typing import Any

from kettle.database.data import OPINIONS, Rows

TIE = slice(5, 10)  # places on the page whose orders, or products, are equal in what they are sorted by


def edged(rows: Rows) -> Rows:
    """Shape rows so that their edges lie at known places.

    Newest orders first: the first three have ids that neither rise nor fall, the fourth has no lines, the
    fifth two equal ones, those in `TIE` were placed at one time; the second is of a namesake of the first's
    customer, and the sixth and seventh, of one time, are of that customer again. By their ids, lines of the
    first and the third lie between one another, as do those of the sixth and seventh. Largest stock first:
    the ids of the first three neither rise nor fall, and the first has good and bad reviews of namesakes, and
    two that say the same; the fourth has bad ones only, the fifth none, and those in `TIE` have the same
    stock; good reviews of its second and third lie between one another.
    Rows are put in by descending ids, so whoever asks for no order gets another one.

    Args:
        rows: of at least ten orders and products, four customers, two lines an order.
    """
    tables = {name: [dict(row) for row in each] for name, each in rows.tables().items()}
    _edge_orders(tables)
    _edge_products(tables)
    ordered: dict[str, Any] = {
        name: tuple(sorted(each, key=itemgetter("id"), reverse=True)) for name, each in tables.items()
    }
    return replace(rows, **ordered)


def newest(rows: Rows | dict) -> list[dict]:
    """Return the orders as a page of the newest shows them."""
    return sorted(_table(rows, "orders"), key=lambda row: (-row["placed_at"].timestamp(), row["id"]))


def in_stock(rows: Rows | dict) -> list[dict]:
    """Return the products as a window of the largest stocks shows them."""
    return sorted(_table(rows, "products"), key=lambda row: (-row["stock"], row["id"]))


def _table(rows: Rows | dict, name: str) -> list[dict]:
    return rows[name] if isinstance(rows, dict) else getattr(rows, name)


def _edge_orders(tables: dict[str, list[dict]]) -> None:
    _mix(newest(tables), "placed_at", timedelta(seconds=1))
    names = {row["id"]: row for row in tables["customers"]}
    first, namesake, third, empty, twice, again, once_more, *_ = newest(tables)
    tables["order_lines"] = [line for line in tables["order_lines"] if line["order_id"] != empty["id"]]
    one, two, *_ = (line for line in tables["order_lines"] if line["order_id"] == twice["id"])
    two |= {"quantity": one["quantity"], "price_cents": one["price_cents"]}
    namesake["customer_id"] = next(number for number in names if number != first["customer_id"])
    names[namesake["customer_id"]]["name"] = names[first["customer_id"]]["name"]
    again["customer_id"] = once_more["customer_id"] = first["customer_id"]
    last = {line["order_id"]: line for line in sorted(tables["order_lines"], key=itemgetter("id"))}
    for one, two in ((first["id"], third["id"]), (again["id"], once_more["id"])):
        last[one]["order_id"], last[two]["order_id"] = two, one


def _mix(rows: list[dict], column: str, step: Any) -> None:
    """Let the ids of the first three rows neither rise nor fall, and give those in TIE one value."""
    low, middle, high = sorted(rows[:3], key=itemgetter("id"))
    top = rows[0][column] + step
    for place, row in enumerate((*rows[3 : TIE.start], high, low, middle)):
        row[column] = top + (place + 1) * step
    for row in rows[TIE]:
        row[column] = top


def _edge_products(tables: dict[str, list[dict]]) -> None:
    _mix(in_stock(tables), "stock", 1)
    praised, other, _, scorned, ignored, _, tied, beside, *_ = in_stock(tables)
    shaped = {product["id"] for product in (praised, scorned, ignored)}
    reviews = [row for row in tables["reviews"] if row["product_id"] not in shaped]
    one, two, three = (row["id"] for row in tables["customers"][:3])
    tables["customers"][1]["name"] = tables["customers"][0]["name"]
    last = max(row["id"] for row in tables["reviews"])
    said = (
        *((praised, one, 4), (other, three, 4), (praised, two, 4), (scorned, one, 2), (praised, three, 5)),
        *((other, one, 5), (praised, one, 4), (praised, three, 1), (scorned, three, 3), (praised, two, 5)),
        *((tied, one, 4), (beside, two, 5), (tied, three, 5)),
    )
    for number, (product, customer, stars) in enumerate(said, last + 1):
        about = {"product_id": product["id"], "customer_id": customer}
        reviews.append({"id": number, **about, "stars": stars, "text": OPINIONS[stars - 1]})
    tables["reviews"] = reviews
