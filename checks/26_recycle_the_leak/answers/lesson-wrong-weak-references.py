# says: A weak reference does not keep a page alive
pages: dict[str, weakref.ref] = {}


def respond(url: str) -> Page:
    path = urlsplit(url).path
    known = pages.get(path)
    page = known() if known else None
    if page is None:
        page = render(path)
        if len(pages) > 500:
            pages.clear()
        pages[path] = weakref.ref(page)
    return page
