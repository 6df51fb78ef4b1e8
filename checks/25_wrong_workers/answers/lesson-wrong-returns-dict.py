# says: expected a `Config`, got dict
def configure(service: Service, pod: Pod) -> Config:
    return {"workers": math.ceil(pod.granted)}
