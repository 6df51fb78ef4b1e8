# says: The page depends on the whole path
@lru_cache(maxsize=256)
def page_of(code: str) -> Page:
    return render(f"/products/{code}")


def respond(url: str) -> Page:
    last = url.rsplit("/", 1)[-1]
    return page_of(last.partition("?")[0])
