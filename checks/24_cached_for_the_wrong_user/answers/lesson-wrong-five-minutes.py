# says: Other products sell best for more than a minute now
# the time of the cache is a guess, and not the one that was promised
@cache_control(private=True)
def front_page(request: HttpRequest) -> HttpResponse:
    language = request.LANGUAGE_CODE
    best = cache.get_or_set(f"best-sellers:{language}", lambda: sales.best(language), 300)
    return show(request, best)
