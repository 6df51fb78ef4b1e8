# says: Which columns are written
def fetched(numbers: list[int], when: datetime) -> int:
    orders = list(Order.objects.filter(id__in=numbers, status="packed"))
    with transaction.atomic():
        packed = set(Order.objects.select_for_update().filter(id__in=numbers, status="packed"))
        orders = [order for order in orders if order in packed]
        for order in orders:
            order.status = "sent"
        Order.objects.bulk_update(orders, ["placed_at", "status", "customer"])
        OrderEvent.objects.bulk_create([OrderEvent(order=o, happened_at=when, what="sent") for o in orders])
    return len(orders)
