"""The table of accepted pictures."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create it."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("avatars", "Avatars"),
                            ("event_banners", "Event Banners"),
                            ("profile_pictures", "Profile Pictures"),
                        ],
                        db_index=True,
                        max_length=32,
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("path", models.CharField(max_length=300, unique=True)),
                ("size", models.PositiveBigIntegerField(help_text="in bytes")),
                ("sha256", models.CharField(max_length=64)),
                ("content_type", models.CharField(max_length=32)),
                ("uploaded_at", models.DateTimeField(auto_now=True)),
            ],
            options={"ordering": ("id",)},
        ),
    ]
