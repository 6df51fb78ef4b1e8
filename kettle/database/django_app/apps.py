"""The app's name and label."""

from django.apps import AppConfig


class Larder(AppConfig):
    """Kettle & Crumb's tables."""

    name = "kettle.database.django_app"
    label = "larder"
    default_auto_field = "django.db.models.AutoField"
