# says: are rendered again each time
from itertools import count

pages: dict[str, Page] = {}
requests = count(1)


def respond(url: str) -> Page:
    """Return the page of a URL, such as "/products/KC-00017?utm_source=mail"."""
    if next(requests) % 500 == 0:
        pages.clear()
    path = urlsplit(url).path
    if path not in pages:
        pages[path] = render(path)
    return pages[path]
