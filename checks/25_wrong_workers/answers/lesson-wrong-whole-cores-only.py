# says: of what the workers can use
def configure(service: Service, pod: Pod) -> Config:
    workers = max(1, min(math.floor(pod.granted), int(pod.memory // service.memory)))
    if service.code == "async def":
        return Config("asgi", workers=max(1, min(workers, pod.connections // service.pool)))
    places = math.ceil(service.rate * (service.compute + service.wait) / 0.8)
    threads = max(1, min(math.ceil(places / workers), pod.connections // workers))
    if threads == 1:
        return Config("sync", workers=workers)
    return Config("gthread", workers=workers, threads=threads)
