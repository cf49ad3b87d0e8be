"""The platform's URLs."""

from django.urls import path, re_path

from uploads.serving import Media
from uploads.views import Health, Uploads

urlpatterns = [
    path("api/<str:kind>/", Uploads.as_view()),
    # Only the beginning is matched: names may hold any byte, and the view reads them itself.
    re_path(r"^media/", Media.as_view()),
    path("healthz", Health.as_view()),
]

handler400 = "uploads.answers.bad_request"
handler404 = "uploads.answers.not_found"
handler500 = "uploads.answers.server_error"
