"""A guide in English, with `docker compose`, its commands in a list."""

from deployments import OURS
from workspace import DoesNotApply, Workspace

GUIDE = """\
# Media storage

Avatars, event banners and profile pictures persist in a Docker volume called `media_volume`. It is mounted at
`/usr/src/platform/media`, where all media are stored; they survive when containers are recreated or updated.
No external service such as AWS S3 is needed: everything runs on your own server.

- `/media/avatars/`, `/media/event_banners/`, `/media/profile_pictures/`

1. Move old media in:
   ```sh
   ./migrate_media.sh
   ```
2. Back up:
   ```sh
   docker volume inspect media_volume > /dev/null && docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source .
   ```
3. Restore:
   ```sh
   docker run --rm -v media_volume:/destination -v $(pwd)/backups:/backup ubuntu tar -xzvf /backup/[BACKUP_NAME].tar.gz -C /destination
   ```
4. Look, repair, restart:
   ```sh
   docker compose exec web-project ls -la /usr/src/platform/media
   docker compose exec web-project chmod -R 755 /usr/src/platform/media
   docker compose down && docker compose up -d
   ```
"""


def change(workspace: Workspace) -> None:
    if workspace.deployment is not OURS:
        raise DoesNotApply("its guide is in English")
    workspace.guide.write_text(GUIDE, encoding="utf-8")
