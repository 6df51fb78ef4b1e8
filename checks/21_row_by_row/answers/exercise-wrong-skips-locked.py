# says: Who waits until it is free?
def change_status(order: Order, status: str, when: datetime) -> None:
    """Change an order's status, never without a row in its history."""
    order.status = status
    order.save(update_fields=["status"])
    OrderEvent.objects.create(order=order, happened_at=when, what=status)



def fetched(numbers: list[int], when: datetime) -> int:
    with transaction.atomic():
        # what the desk works on is left alone: nobody waits for anybody
        packed = Order.objects.select_for_update(skip_locked=True).filter(id__in=numbers, status="packed")
        ids = list(packed.order_by("id").values_list("id", flat=True))
        Order.objects.filter(id__in=ids).update(status="sent")
        OrderEvent.objects.bulk_create(
            [OrderEvent(order_id=number, happened_at=when, what="sent") for number in ids],
            batch_size=500,
        )
    return len(ids)
