"""Kettle & Crumb's tables as a Django app; `database.configure_django()` sets Django up with it."""
