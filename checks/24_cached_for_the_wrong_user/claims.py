"""Claims that lesson 24 answers for and does not ask about."""


def tokens() -> str:
    """Let two guests get one kept page, and send its form."""
    from django.http import HttpRequest, HttpResponse
    from django.shortcuts import render
    from django.views.decorators.cache import cache_page

    from kettle.lessons.storefront import Storefront, set_up

    set_up()

    @cache_page(60)
    def page(request: HttpRequest) -> HttpResponse:
        return render(request, "front_page.html", {"name": "guest", "basket": [], "best": []})

    shop, told = Storefront(page), []
    for guest in ("guest 1", "guest 2"):
        shop.visit(guest)
        told.append(f"{guest} {shop.add(guest)}")
    return f"Two guests got one kept page and sent its form, with these statuses: {', '.join(told)}."


MEASURES = {"tokens": tokens}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
