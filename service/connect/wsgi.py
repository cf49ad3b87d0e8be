"""The WSGI application that Gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connect.settings")
application = get_wsgi_application()

# Django would load the URLs with the first request. Loaded here, all workers share them.
from connect import urls  # noqa: E402, F401
