# says: Is it asked twice which orders are packed
# wrong: the rows of the history go by the locked ones, the update asks anew for what is packed: an order of the list that is packed between the two is sent without a row and not counted; "each order that is sent gets exactly one row in its history"
def change_status(order: Order, status: str, when: datetime) -> None:
    """Change an order's status, never without a row in its history."""
    order.status = status
    order.save(update_fields=["status"])
    OrderEvent.objects.create(order=order, happened_at=when, what=status)


def fetched(numbers: list[int], when: datetime) -> int:
    packed = Order.objects.filter(id__in=numbers, status="packed")
    with transaction.atomic():
        events = [
            OrderEvent(order=order, happened_at=when, what="sent")
            for order in packed.select_for_update().order_by("id")
        ]
        OrderEvent.objects.bulk_create(events, batch_size=500)
        packed.update(status="sent")
    return len(events)
