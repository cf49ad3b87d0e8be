"""What differs from the settings that `wagtail start` writes: the production settings import this file."""

import os

from .base import BASE_DIR, INSTALLED_APPS, MIDDLEWARE

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "mysite.site_urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "database" / "db.sqlite3",
        # As Django's documentation has it for several processes on one SQLite file.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL;"},
    }
}
MIDDLEWARE = [MIDDLEWARE[0], "whitenoise.middleware.WhiteNoiseMiddleware", *MIDDLEWARE[1:]]
INSTALLED_APPS = [*INSTALLED_APPS, "wagtail.api.v2"]
