# says: expected a worker for each granted core
def configure(site: Site) -> Config:
    workers = max(1, int(site.granted))
    threads = max(1, math.ceil(site.at_six / workers))
    return Config("gthread", workers=workers, threads=threads, preload_app=not site.opens)
