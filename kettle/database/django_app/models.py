"""Kettle & Crumb's tables as Django models; `kettle.database.models` has the same for SQLAlchemy."""

from django.db import models


class Supplier(models.Model):
    """Where products come from."""

    name = models.TextField()
    country = models.TextField()

    class Meta:
        db_table = "suppliers"

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something that is sold, with its price in cents and how many are in stock."""

    sku = models.TextField(unique=True)
    name = models.TextField()
    price_cents = models.IntegerField()
    stock = models.IntegerField()
    supplier = models.ForeignKey(Supplier, models.CASCADE, related_name="products")

    class Meta:
        db_table = "products"

    def __str__(self) -> str:
        return f"{self.name} ({self.sku})"


class Customer(models.Model):
    """Somebody who buys."""

    name = models.TextField()
    email = models.TextField(unique=True)

    class Meta:
        db_table = "customers"

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """What a customer bought at one time; times are UTC."""

    placed_at = models.DateTimeField()
    status = models.TextField()
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="orders")

    class Meta:
        db_table = "orders"

    def __str__(self) -> str:
        return f"order {self.pk}"


class OrderLine(models.Model):
    """One product of an order, with the price in cents at which it was sold."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+")
    quantity = models.IntegerField()
    price_cents = models.IntegerField()

    class Meta:
        db_table = "order_lines"

    def __str__(self) -> str:
        return f"line {self.pk}"


class OrderEvent(models.Model):
    """Something that happened to an order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="events")
    happened_at = models.DateTimeField()
    what = models.TextField()

    class Meta:
        db_table = "order_events"

    def __str__(self) -> str:
        return self.what


class Review(models.Model):
    """What a customer thinks of a product, from 1 to 5 stars."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="reviews")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    stars = models.IntegerField()
    text = models.TextField()

    class Meta:
        db_table = "reviews"

    def __str__(self) -> str:
        return f"{self.stars} of 5"
