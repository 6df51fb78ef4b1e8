# says: Which rows come over the wire and are not shown
# wrong: reviews by "a stock at least as large as the last one's" bring those of products of the same stock behind the window; breaks "reviews of other products, and products beyond `count`, are not"
@dataclass
class Card:
    product: Product
    praise: list[str]

    @property
    def supplier(self) -> str:
        return self.product.supplier.name


def shop_window(count: int) -> list[dict]:
    products = Product.objects.select_related("supplier").order_by("-stock", "id")[:count]
    cards = {product.id: Card(product, []) for product in products}
    if cards:
        least = min(card.product.stock for card in cards.values())
        reviews = Review.objects.filter(product__stock__gte=least, stars__gte=4)
        for review in reviews.select_related("customer").order_by("id"):
            if review.product_id in cards:
                cards[review.product_id].praise.append(f"{review.text} ({review.customer.name})")
    return [{"id": id, "supplier": c.supplier, "praise": c.praise} for id, c in cards.items()]
