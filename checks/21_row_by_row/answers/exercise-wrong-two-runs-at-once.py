# says: Who tells what this run has changed
# wrong: candidates are read without a lock, the update guards, then "which of them are sent now" is asked: one that another run sent in between is among them and gets a second row; "each order that is sent gets exactly one row", "an order that is not sent gets none"
def change_status(order: Order, status: str, when: datetime) -> None:
    """Change an order's status, never without a row in its history."""
    order.status = status
    order.save(update_fields=["status"])
    OrderEvent.objects.create(order=order, happened_at=when, what=status)


def fetched(numbers: list[int], when: datetime) -> int:
    with transaction.atomic():
        candidates = list(
            Order.objects.filter(id__in=numbers, status="packed").values_list("id", flat=True)
        )
        sent = Order.objects.filter(id__in=candidates, status="packed").update(status="sent")
        # whoever was cancelled meanwhile is not among them
        now_sent = Order.objects.filter(id__in=candidates, status="sent")
        OrderEvent.objects.bulk_create(
            [OrderEvent(order=order, happened_at=when, what="sent") for order in now_sent],
            batch_size=500,
        )
    return sent
