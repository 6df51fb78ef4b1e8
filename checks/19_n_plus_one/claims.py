"""Claims that lesson 19 answers for and does not ask about."""

import re
from collections import Counter


def what_the_toolbar_marks() -> str:
    """Count what the toolbar would show of a page with lazy loading: similar and duplicate statements."""
    from kettle.database import open_database

    with open_database(19, customers=10, orders=100) as database:
        models = database.configure_django()
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            for order in models.Order.objects.order_by("id"):
                order.customer.name, list(order.lines.all())
        connection.close()
    sent = [query["sql"] for query in captured]
    shapes = Counter(re.sub(r"\d+", "?", sql) for sql in sent)
    similar = sum(count for count in shapes.values() if count > 1)
    duplicates = sum(count for count in Counter(sent).values() if count > 1)
    return f"Of {len(sent)} statements {similar} are similar to another, {duplicates} the same as another."


MEASURES = {
    "toolbar": what_the_toolbar_marks,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
