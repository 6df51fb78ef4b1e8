# says: `worker_connections` is ignored by the class `asgi`
def configure(service: Service, pod: Pod) -> Config:
    workers = math.ceil(pod.granted)
    places = math.ceil(service.rate * (service.compute + service.wait) / 0.8 / workers)
    if service.code == "async def":
        return Config("asgi", workers=workers, worker_connections=places)
    return Config("gthread", workers=workers, threads=places)
