"""Django set up in code: one process, one `default` database, which can be pointed at another one later."""

import os
from types import ModuleType

from django.conf import settings

APP = "kettle.database.django_app"


def configure(default: dict) -> ModuleType:
    """Point Django's `default` database at these settings and return the module of models.

    A notebook's cell runs on a thread with a running event loop, and there Django refuses its synchronous ORM
    (SynchronousOnlyOperation), to protect servers whose loop it would block. A cell blocks nobody but
    itself, so DJANGO_ALLOW_ASYNC_UNSAFE is set here. Never set it in an application that serves requests.

    Raises RuntimeError where Django has already been set up for something else.
    """
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    import django
    from django.apps import apps

    if not settings.configured:
        settings.configure(
            DATABASES={"default": default},
            INSTALLED_APPS=[APP],
            DEFAULT_AUTO_FIELD="django.db.models.AutoField",
            USE_TZ=False,
            TIME_ZONE="UTC",
            SECRET_KEY="only for the course's tables, where nothing is signed",
            LOGGING_CONFIG=None,
        )
        django.setup()
    elif APP not in settings.INSTALLED_APPS:
        raise RuntimeError(
            "Django is already set up for something else in this kernel: restart the kernel first."
        )
    else:
        if not apps.ready:
            django.setup()
        _point_at(default)

    from kettle.database.django_app import models

    return models


def _point_at(default: dict) -> None:
    from asgiref.local import Local
    from django.db import connections

    connections.close_all()
    settings.DATABASES["default"] = dict(default)
    connections.settings["default"] = connections.configure_settings({"default": dict(default)})["default"]
    # no public way leads to the connections of other threads, which still go to the old database
    connections._connections = Local(connections.thread_critical)
