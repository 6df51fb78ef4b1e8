# says: your code changes what it was given: `numbers`
# wrong: takes the numbers from the caller's list and puts them back at the end, so not if a statement fails; breaks "stays as it is, also when `fetched` raises"
def change_status(order: Order, status: str, when: datetime) -> None:
    """Change an order's status, never without a row in its history."""
    order.status = status
    order.save(update_fields=["status"])
    OrderEvent.objects.create(order=order, happened_at=when, what=status)


def fetched(numbers: list[int], when: datetime) -> int:
    done, sent = [], 0
    with transaction.atomic():
        wanted = set(numbers)
        while numbers:
            done.append(numbers.pop())
        packed = Order.objects.select_for_update().filter(id__in=wanted, status="packed")
        ids = list(packed.values_list("id", flat=True))
        sent = Order.objects.filter(id__in=ids).update(status="sent")
        OrderEvent.objects.bulk_create(
            [OrderEvent(order_id=number, happened_at=when, what="sent") for number in ids], batch_size=500
        )
    numbers.extend(reversed(done))
    return sent
