# says: Expected at most 90% of the places taken
RESERVE = 0.10


def configure(service: Service, pod: Pod) -> Config:
    workers = math.ceil(pod.granted)
    if service.code == "async def":
        return Config("asgi", workers=workers)

    latency = service.compute + service.wait
    concurrent = service.rate * latency  # Little's law
    places = math.ceil(concurrent * (1 + RESERVE))
    return Config("gthread", workers=workers, threads=math.ceil(places / workers))
