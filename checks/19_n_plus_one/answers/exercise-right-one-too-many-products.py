# once filed as wrong: a few rows beside the page
from django.db.models import Prefetch


def shop_window(count: int) -> list[dict]:
    good = Review.objects.filter(stars__gte=4).select_related("customer").order_by("id")
    products = list(
        Product.objects.select_related("supplier")
        .prefetch_related(Prefetch("reviews", good, to_attr="good"))
        .order_by("-stock", "id")[: count + 1]
    )
    return [
        {
            "id": product.id,
            "supplier": product.supplier.name,
            "praise": [f"{review.text} ({review.customer.name})" for review in product.good],
        }
        for product in products[:count]
    ]
