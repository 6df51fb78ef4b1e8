# says: The page depends on the whole path
@lru_cache(maxsize=256)
def page_of(path: str) -> Page:
    return render(path)


def respond(url: str) -> Page:
    return page_of(urlsplit(url).path.rstrip("/"))
