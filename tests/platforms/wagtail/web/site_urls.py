"""The project's URLs, Wagtail's API, and the media: on a small site the application serves them itself."""

from django.conf import settings
from django.urls import path, re_path
from django.views.static import serve
from wagtail.api.v2.router import WagtailAPIRouter
from wagtail.images.api.v2.views import ImagesAPIViewSet

from .urls import urlpatterns as project_urls

api = WagtailAPIRouter("wagtailapi")
api.register_endpoint("images", ImagesAPIViewSet)

urlpatterns = [
    path("api/v2/", api.urls),
    re_path(r"^media/(?P<path>.*)$", serve, {"document_root": settings.MEDIA_ROOT}),
    *project_urls,
]
