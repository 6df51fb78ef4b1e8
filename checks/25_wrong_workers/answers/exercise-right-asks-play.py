def configure(site: Site) -> Config:
    for preload in (False, True):
        workers = math.ceil(site.granted)
        config = Config("gthread", workers, -(-site.at_six // workers), preload_app=preload)
        evening = play(site, config)
        if evening.killed is None and not evening.shared:
            return config
