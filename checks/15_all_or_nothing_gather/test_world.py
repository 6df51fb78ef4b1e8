"""A post office with books."""

import asyncio
from pathlib import Path

from kettle.checking.causes.virtually import virtually
from kettle.checking.checks import load_module

world = load_module(Path(__file__).parent, "world")


def test_the_office_delivers_and_keeps_books():
    class Bounced(Exception):
        pass

    async def letters():
        office = world.WatchedOffice()
        office.names["Bounced"] = Bounced
        office.unknown.add("2 Mill Lane")
        sent = (office.deliver(f"{number} Mill Lane", "") for number in (1, 2))
        found = await asyncio.gather(*sent, return_exceptions=True)
        return office, found

    office, found = virtually(letters)
    assert [type(each) for each in found] == [type(None), Bounced]
    assert office.books() == {"out": {"1 Mill Lane": 1}, "handed over": {"1 Mill Lane": 1, "2 Mill Lane": 1}}
    right = world.WatchedOffice()
    right.unknown.add("2 Mill Lane")
    report = right.right([{"address": "1 Mill Lane"}, {"address": "2 Mill Lane"}])
    assert report == {"sent": 1, "bounced": ["2 Mill Lane"]}
    assert right.books() == office.books()
