# says: a timer of yours still runs
async def quote(api: aiohttp.ClientSession, courier: int, postcode: str, budget: float) -> dict:
    task, timed_out = asyncio.current_task(), False

    def give_up():
        nonlocal timed_out
        timed_out = True
        task.cancel()

    timer = asyncio.get_running_loop().call_later(budget, give_up)
    try:
        for pause in (0.1, 0.2):
            try:
                answer = await ask(api, courier, postcode)
                break
            except aiohttp.ClientError:
                await asyncio.sleep(pause)
        else:
            answer = await ask(api, courier, postcode)
    except asyncio.CancelledError:
        if timed_out:
            task.uncancel()
            raise TimeoutError(f"courier {courier}: no price in {budget} s") from None
        timer.cancel()
        raise
    timer.cancel()
    return answer
