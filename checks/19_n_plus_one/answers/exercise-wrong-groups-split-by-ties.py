# says: also where reviews of other products lie between them
# wrong: reviews sorted by stock and their own id: two products of one stock interleave, groupby splits them and the last group wins; breaks "every review with four stars or more is quoted"
from itertools import groupby


@dataclass
class Card:
    product: Product
    praise: list[str]

    @property
    def supplier(self) -> str:
        return self.product.supplier.name


def shop_window(count: int) -> list[dict]:
    products = list(Product.objects.select_related("supplier").order_by("-stock", "id")[:count])
    reviews = (
        Review.objects.filter(product__in=products, stars__gte=4)
        .select_related("customer")
        .order_by("-product__stock", "id")  # as the products stand, then by their ids
    )
    praise = {
        product_id: [f"{review.text} ({review.customer.name})" for review in group]
        for product_id, group in groupby(reviews, key=lambda review: review.product_id)
    }
    cards = [Card(product, praise.get(product.id, [])) for product in products]
    return [{"id": c.product.id, "supplier": c.supplier, "praise": c.praise} for c in cards]
