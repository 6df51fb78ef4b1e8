# says: an order of the list has that status already
from sqlalchemy import select


def change_status(engine: Engine, number: int, status: str, when: datetime) -> None:
    """Change an order's status, never without a row in its history."""
    with engine.begin() as connection:
        connection.execute(update(Order).where(Order.id == number).values(status=status))
        connection.execute(insert(OrderEvent), {"order_id": number, "happened_at": when, "what": status})


def fetched(engine: Engine, numbers: list[int], when: datetime) -> int:
    with engine.begin() as connection:
        done = set(
            connection.scalars(select(Order.id).where(Order.id.in_(numbers), Order.status == "sent"))
        )
        missing = [number for number in numbers if number not in done]
        if missing:
            connection.execute(update(Order).where(Order.id.in_(missing)).values(status="sent"))
            connection.execute(
                insert(OrderEvent),
                [{"order_id": number, "happened_at": when, "what": "sent"} for number in missing],
            )
    return len(numbers)
