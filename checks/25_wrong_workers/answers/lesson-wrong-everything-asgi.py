# says: the code of thumbnails is `def`
def configure(service: Service, pod: Pod) -> Config:
    return Config("asgi", workers=math.ceil(pod.granted))
