"""Kettle & Crumb's tables as SQLAlchemy models; `django_app.models` describes the same tables for Django."""

from datetime import datetime

from sqlalchemy import ForeignKey, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = MetaData()


class Supplier(Base):
    """Where products come from."""

    __tablename__ = "suppliers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    products: Mapped[list["Product"]] = relationship(back_populates="supplier", order_by="Product.id")


class Product(Base):
    """Something that is sold, with its price in cents and how many are in stock."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    price_cents: Mapped[int]
    stock: Mapped[int]
    supplier_id: Mapped[int] = mapped_column(ForeignKey("suppliers.id"), index=True)
    supplier: Mapped[Supplier] = relationship(back_populates="products")
    reviews: Mapped[list["Review"]] = relationship(back_populates="product", order_by="Review.id")


class Customer(Base):
    """Somebody who buys."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, unique=True)
    orders: Mapped[list["Order"]] = relationship(back_populates="customer", order_by="Order.id")


class Order(Base):
    """What a customer bought at one time; times are UTC."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    placed_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    customer: Mapped[Customer] = relationship(back_populates="orders")
    lines: Mapped[list["OrderLine"]] = relationship(back_populates="order", order_by="OrderLine.id")
    events: Mapped[list["OrderEvent"]] = relationship(back_populates="order", order_by="OrderEvent.id")


class OrderLine(Base):
    """One product of an order, with the price in cents at which it was sold."""

    __tablename__ = "order_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    quantity: Mapped[int]
    price_cents: Mapped[int]
    order: Mapped[Order] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()


class OrderEvent(Base):
    """Something that happened to an order."""

    __tablename__ = "order_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    happened_at: Mapped[datetime]
    what: Mapped[str] = mapped_column(Text)
    order: Mapped[Order] = relationship(back_populates="events")


class Review(Base):
    """What a customer thinks of a product, from 1 to 5 stars."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    product: Mapped[Product] = relationship(back_populates="reviews")
    customer: Mapped[Customer] = relationship()
