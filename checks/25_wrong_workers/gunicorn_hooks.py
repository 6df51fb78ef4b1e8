"""What gunicorn is given as its configuration file: a worker says when it is ready."""

from typing import Any


def post_worker_init(worker: Any) -> None:
    """Say so; gunicorn calls this by its name when a worker has loaded the application."""
    worker.log.info("kettle: ready")
