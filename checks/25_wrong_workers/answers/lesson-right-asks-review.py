def configure(service: Service, pod: Pod) -> Config:
    if service.code == "async def":
        workers = 1
        while review(service, pod, Config("asgi", workers)).over:
            workers += 1
        return Config("asgi", workers)
    for workers in range(1, 50):
        for threads in range(1, 50):
            config = Config("gthread", workers, threads)
            if not review(service, pod, config).over:
                return config
