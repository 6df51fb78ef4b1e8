# says: expected 2 calls
@cache_control(private=True, no_cache=True)
def front_page(request: HttpRequest) -> HttpResponse:
    accepted = request.headers.get("Accept-Language", "")
    best = cache.get_or_set(f"best:{accepted}", lambda: sales.best(request.LANGUAGE_CODE), 60)
    return show(request, best)
