# says: it joins both, so each line comes once for each event of its order
# wrong: a sheet of 1, 2 or 3 orders still comes as lines x events (300 rows for one order of 30 and 10); breaks "rows near the *sum* ... One collection may come by a join, two in one statement multiply"
FEW = 3  # below this the round trips cost more than the rows


def day_sheet(session: Session, count: int) -> list[Order]:
    many = joinedload if count <= FEW else selectinload
    loading = (
        joinedload(Order.customer),
        many(Order.lines).joinedload(OrderLine.product),
        many(Order.events),
    )
    newest = select(Order).options(*loading).order_by(Order.placed_at.desc(), Order.id).limit(count)
    return list(session.scalars(newest).unique())
