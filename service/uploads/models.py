"""What the platform knows about each picture it has accepted."""

from urllib.parse import quote

from django.conf import settings
from django.db import models


class Kind(models.TextChoices):
    """The kinds of picture. Each has a directory of that name in the media root."""

    AVATARS = "avatars"
    EVENT_BANNERS = "event_banners"
    PROFILE_PICTURES = "profile_pictures"


class Upload(models.Model):
    """One accepted picture, as it was when it was accepted."""

    kind = models.CharField(max_length=32, choices=Kind.choices, db_index=True)
    name = models.CharField(max_length=255)
    path = models.CharField(max_length=300, unique=True)
    size = models.PositiveBigIntegerField(help_text="in bytes")
    sha256 = models.CharField(max_length=64)
    content_type = models.CharField(max_length=32)
    uploaded_at = models.DateTimeField(auto_now=True)

    class Meta:
        """The order in which pictures are listed."""

        ordering = ("id",)

    def __str__(self):
        return self.path

    @classmethod
    def record(cls, kind, name, **facts):
        """Record a new file.

        A record that already has this path is of a file that is gone, or its name couldn't have been
        free: the new file takes its place.
        """
        upload, _ = cls.objects.update_or_create(path=f"{kind}/{name}", defaults={"kind": kind, "name": name} | facts)
        return upload

    def as_json(self):
        """Return what clients get."""
        return {
            "kind": self.kind,
            "name": self.name,
            "path": self.path,
            "url": settings.MEDIA_URL + quote(self.path),
            "size": self.size,
            "sha256": self.sha256,
            "content_type": self.content_type,
        }
