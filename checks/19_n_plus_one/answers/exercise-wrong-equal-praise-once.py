# says: Every review with four stars or more is quoted
# wrong: equal lines of praise, such as from two customers of one name, are shown once only
from collections import defaultdict


def shop_window(count: int) -> list[dict]:
    products = list(Product.objects.select_related("supplier").order_by("-stock", "id")[:count])
    good = Review.objects.filter(product__in=products, stars__gte=4).select_related("customer").order_by("id")
    praise = defaultdict(dict)
    for review in good:
        praise[review.product_id][f"{review.text} ({review.customer.name})"] = None
    return [{"id": p.id, "supplier": p.supplier.name, "praise": list(praise[p.id])} for p in products]
