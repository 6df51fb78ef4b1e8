# says: got 2 rows of history
def change_status(order: Order, status: str, when: datetime) -> None:
    """Change an order's status, never without a row in its history."""
    order.status = status
    order.save(update_fields=["status"])
    OrderEvent.objects.create(order=order, happened_at=when, what=status)



def fetched(numbers: list[int], when: datetime) -> int:
    with transaction.atomic():
        ids: list[int] = []
        for start in range(0, len(numbers), 500):
            part = numbers[start : start + 500]
            packed = Order.objects.select_for_update().filter(id__in=part, status="packed")
            ids.extend(packed.values_list("id", flat=True))
        Order.objects.filter(id__in=ids).update(status="sent")
        OrderEvent.objects.bulk_create(
            [OrderEvent(order_id=number, happened_at=when, what="sent") for number in ids],
            batch_size=500,
        )
    return len(ids)
