"""The operation that keeps a record of its calls."""

import asyncio
import statistics

import pytest

from kettle.probes.recorded import Recorded, ranks


def test_calls_are_recorded_in_the_order_in_which_they_began():
    async def behave(number):
        await asyncio.sleep(0.02 - 0.005 * number)
        if number == 1:
            raise OSError("refused")

    async def run():
        service = Recorded(behave)
        await asyncio.gather(*(service.operation() for _ in range(3)), return_exceptions=True)
        return service

    service = asyncio.run(run())
    assert [span.failed for span in service.spans] == [False, True, False]
    assert service.spans[0].seconds > service.spans[2].seconds > 0
    assert (service.most, service.under_way) == (3, 0)


def test_a_call_that_is_cancelled_was_given_up():
    async def run():
        service = Recorded(lambda number: asyncio.sleep(5))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(service.operation(), 0.01)
        return service.spans

    (span,) = asyncio.run(run())
    assert (span.failed, span.given_up) == (True, True)


@pytest.mark.parametrize("count", [100, 110, 120, 333])
@pytest.mark.parametrize("share", [50, 95, 99])
def test_every_usual_percentile_lies_between_the_ranks(count, share):
    values = [float(n * n) for n in range(count)]
    low, high = ranks(values[::-1], share)
    for method in ("inclusive", "exclusive"):
        assert low <= statistics.quantiles(values, n=100, method=method)[share - 1] <= high
    nearest = values[-(-share * count // 100) - 1]
    floored = values[share * count // 100 if share * count // 100 < count else -1]
    assert low <= nearest <= floored <= high
    assert high - low <= 5 * (2 * count), "a few ranks apart, not more"


def test_the_largest_is_the_hundredth_percentile():
    assert ranks([3.0, 9.0, 5.0] * 40, 100) == (9.0, 9.0)
