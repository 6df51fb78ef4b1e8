# says: Every review with four stars or more is quoted
# wrong: groupby joins only neighbours; sorted by id a product's reviews lie apart, and the last group replaces the others
from itertools import groupby


def shop_window(count: int) -> list[dict]:
    products = list(Product.objects.select_related("supplier").order_by("-stock", "id")[:count])
    good = Review.objects.filter(product__in=products, stars__gte=4).select_related("customer").order_by("id")
    praise = {
        number: [f"{review.text} ({review.customer.name})" for review in group]
        for number, group in groupby(good, key=lambda review: review.product_id)
    }
    return [{"id": p.id, "supplier": p.supplier.name, "praise": praise.get(p.id, [])} for p in products]
