# says: more than 200 good reviews
# wrong: at most two hundred reviews are fetched for the whole window: the notebook's amount
from collections import defaultdict


def shop_window(count: int) -> list[dict]:
    products = list(Product.objects.select_related("supplier").order_by("-stock", "id")[:count])
    good = Review.objects.filter(product__in=products, stars__gte=4).select_related("customer").order_by("id")
    praise = defaultdict(list)
    for review in good[:200]:
        praise[review.product_id].append(f"{review.text} ({review.customer.name})")
    return [{"id": p.id, "supplier": p.supplier.name, "praise": praise[p.id]} for p in products]
