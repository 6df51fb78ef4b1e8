# says: holds a change that is not saved yet
# the session's connection is asked behind the session's back, nothing is flushed, so what the caller holds unsaved is not part of the page
from sqlalchemy import text

PAGE = text("""
    SELECT o.id, c.name, COALESCE(SUM(l.quantity * l.price_cents), 0)
    FROM (SELECT id, placed_at, customer_id FROM orders ORDER BY placed_at DESC, id LIMIT :count) AS o
    JOIN customers AS c ON c.id = o.customer_id
    LEFT JOIN order_lines AS l ON l.order_id = o.id
    GROUP BY o.id, o.placed_at, c.name
    ORDER BY o.placed_at DESC, o.id
""")


def order_page(session: Session, count: int) -> list[dict]:
    rows = session.connection().execute(PAGE, {"count": count})
    return [{"order": order, "customer": name, "total": int(total)} for order, name, total in rows]
