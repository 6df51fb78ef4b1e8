# says: Who is counted
# wrong: what is counted was packed before anything was locked, what is sent is what is packed then; breaks "returns how many were sent"
def change_status(order: Order, status: str, when: datetime) -> None:
    """Change an order's status, never without a row in its history."""
    order.status = status
    order.save(update_fields=["status"])
    OrderEvent.objects.create(order=order, happened_at=when, what=status)


def fetched(numbers: list[int], when: datetime) -> int:
    wanted = Order.objects.filter(id__in=numbers, status="packed")
    count = wanted.count()
    with transaction.atomic():
        ids = list(wanted.select_for_update().values_list("id", flat=True))
        Order.objects.filter(id__in=ids).update(status="sent")
        OrderEvent.objects.bulk_create(
            [OrderEvent(order_id=number, happened_at=when, what="sent") for number in ids], batch_size=500
        )
    return count
