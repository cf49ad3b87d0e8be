"""Deployments of kinds that other people have, and what must come out of each."""

from __future__ import annotations

from typing import NamedTuple

LAYOUT = frozenset({"layout.avatars", "layout.event_banners", "layout.profile_pictures"})
MIGRATION = frozenset({"migration.complete", "migration.idempotent", "migration.preserves", "migration.refuses"})
TROUBLESHOOTING = frozenset({"troubleshooting.inspect", "troubleshooting.permissions", "troubleshooting.restart"})
PERSISTENCE = frozenset(
    f"persistence.{event}"
    for event in ("recreate", "update", "down_up", "kill", "engine_restart", "host_crash", "acknowledged")
)
# Where media can only be written through exec, no upload is acknowledged, and the suite chose the directory.
WITHOUT_API = LAYOUT | {"persistence.acknowledged", "backup.under_load", "beyond.power_loss"}
# Most people's guides don't ask for the volume before they back it up: where it is gone, they archive a new, empty one.
SILENT = frozenset({"backup.fails_loudly"})
# A plain guide, of backup, restore and restart, for files that get in by another way than an API.
UNDESCRIBED = WITHOUT_API | MIGRATION | {"troubleshooting.inspect", "troubleshooting.permissions"}
VOLUME = frozenset({"volume.dedicated", "volume.mounted", "volume.receives_uploads"})


class Example(NamedTuple):
    """A deployment by the name of its folder here, how it is named to the suite, and what must come out.

    What is neither `broken` nor `unproven` must be proved. `says` are words that the explanations, the reasons or the
    evidence must hold. `code` is where in the folder the platform of this repository is laid out.
    """

    name: str
    options: tuple[str, ...]
    broken: frozenset[str] = frozenset()
    unproven: frozenset[str] = frozenset()
    says: tuple[str, ...] = ()
    code: str = ""


EXAMPLES = (
    # The volume is called connect_media_volume, and the guide's commands know nothing of that.
    Example(
        "connect_in_production",
        ("--compose-file=docker-compose.yml", "--guide=MEDIA_STORAGE.md"),
        broken=frozenset(
            SILENT
            | {"volume.dedicated", "backup.complete", "backup.harmless", "backup.under_load"}
            | {"restore.disaster", "restore.repair", "portability.another_host"}
        ),
        unproven=MIGRATION,
        says=(
            "the media are in connect_media_volume, but line 13 of MEDIA_STORAGE.md names media_volume",
            "the media are in no backup at all",
            "give the volume its literal name in the compose file:  name: media_volume",
            "no migrate command",
        ),
        code=".",
    ),
    Example(
        "several_files",
        ("--compose-file=docker-compose.yml:docker-compose.prod.yml", "--guide=GUIDE.md"),
        broken=SILENT,
        says=("media are uploaded through the platform's own API",),
        code="service",
    ),
    # They survive there, where no command of the guide reaches them.
    Example(
        "media_in_a_directory",
        ("--compose-file=docker-compose.yml", "--guide=GUIDE.md"),
        broken=VOLUME
        | SILENT
        | {"backup.complete", "backup.harmless", "backup.under_load"}
        | {"restore.disaster", "restore.repair", "portability.another_host"},
        unproven=MIGRATION,
        says=("backed by a bind, not by a named volume", "mount media_volume:/usr/src/platform/media"),
        code="service",
    ),
    # They have their home there, and the guide knows it: its commands run on the host, on that directory.
    Example(
        "uploads_beside_the_file",
        (
            "--compose-file=compose.yml",
            "--guide=README.md",
            "--service=web",
            "--media-root=/data/uploads",
            "--upload-config=serving.ini",
        ),
        unproven=UNDESCRIBED | {"volume.dedicated", "backup.fails_loudly"},
        says=(
            "the media are in a directory of the host, and the guide promises no volume",
            "pictures served the same after losing the volume and restoring it",
            "pictures served the same after moving to another host",
        ),
    ),
    Example(
        "plain_file_server",
        ("--compose-file=compose.yaml", "--guide=README.md", "--service=files", "--media-root=/srv/www/media"),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=("written by the service's own user through exec", "no inspect command"),
    ),
    # Written without a look at the platform of this repository, but for the commands of its guide.
    Example(
        "independent",
        ("--compose-file=compose.yml", "--guide=GUIDE.md"),
        broken=SILENT,
        unproven=WITHOUT_API,
        says=(
            "written by the service's own user through exec",
            "neither the script's help nor the guide names an option that overwrites",
        ),
    ),
    # Its backup is a service of a profile that is not active, and lands in a folder that this service mounts.
    Example(
        "backup_profile",
        ("--compose-file=docker-compose.yaml", "--guide=GUIDE.md", "--service=app", "--media-root=/data/uploads"),
        unproven=UNDESCRIBED
        | {"volume.dedicated", "persistence.down_up", "backup.created", "backup.fails_loudly"}
        | {"restore.rejects_damage", "troubleshooting.restart"},
        says=(
            "`unless-stopped` does not promise that app comes back after killing the engine and starting it",
            "a service of the compose file writes the guide's backup: its disk can't be exchanged",
        ),
    ),
    # Kept as well as any: what counts is the mount that a file written there ends up in.
    Example(
        "media_below_a_mount",
        ("--compose-file=compose.yml", "--guide=README.md", "--service=files", "--media-root=/srv/www/media"),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=("volume site is mounted at /var/www/html",),
    ),
    Example(
        "bare_image",
        ("--compose-file=compose.yml", "--guide=README.md", "--service=files", "--media-root=/srv/www/media"),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=("its image has no shell: media are handed over as by `docker cp`",),
    ),
    Example(
        "no_port",
        ("--compose-file=compose.yml", "--guide=README.md", "--service=worker", "--media-root=/var/pictures"),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=(
            "worker publishes and exposes no port: what is proved is the storage of the media, not their serving",
            "only their storage is judged",
            "a new file is stored after recreating the container",
        ),
    ),
    Example(
        "proxy_in_front",
        (
            "--compose-file=compose.yml",
            "--guide=README.md",
            "--service=app",
            "--media-root=/srv/media",
            "--media-server=proxy:8080",
        ),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=("pictures served the same after recreating the container",),
    ),
    # Nobody but who writes the file knows whether they should: the evidence names both.
    Example(
        "proxy_that_may_write",
        (
            "--compose-file=compose.yml",
            "--guide=README.md",
            "--service=app",
            "--media-root=/srv/media",
            "--media-server=proxy:8080",
        ),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=(
            "pictures served the same after recreating the container",
            "proxy may write to the media too, at the same path, as a part of the platform",
            "archive may write at /srv/pictures and wrote nothing when it was started",
        ),
    ),
    Example(
        "https_only",
        ("--compose-file=compose.yml", "--guide=README.md", "--service=files", "--media-root=/srv/media"),
        broken=SILENT,
        unproven=UNDESCRIBED | {"simplicity.self_contained"},
        says=("pictures served the same after recreating the container", "files speaks TLS, which can't be asked for"),
    ),
    Example(
        "virtual_host",
        (
            "--compose-file=compose.yml",
            "--guide=README.md",
            "--service=files",
            "--media-root=/srv/files",
            "--upload-config=serving.ini",
        ),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=(
            "pictures served the same after recreating the container",
            "no restart policy promises that files comes back after killing the main process",
        ),
    ),
    Example(
        "mail_port",
        ("--compose-file=compose.yml", "--guide=README.md", "--service=mail", "--media-root=/srv/media"),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=("mail publishes port 2525, which speaks no HTTP: what is proved is the storage of the media",),
    ),
    Example(
        "read_only_root",
        ("--compose-file=compose.yml", "--guide=README.md", "--service=files", "--media-root=/srv/media"),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=("no restart policy promises that files", "pictures served the same after recreating the container"),
    ),
    # Compose's own ways to write a file in parts, three replicas, a worker that uploads too, a slow first start.
    Example(
        "parts_and_replicas",
        ("--compose-file=compose.yml", "--guide=README.md", "--service=app", "--media-root=/srv/media"),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=("pictures served the same after recreating the container", "no part of the guide, came spool, state"),
    ),
    Example(
        "folder_of_a_volume",
        (
            "--compose-file=compose.yml",
            "--guide=README.md",
            "--service=files",
            "--media-root=/srv/site/public/pictures",
            "--upload-config=serving.ini",
        ),
        broken=SILENT,
        unproven=UNDESCRIBED,
        says=("browser may write at /srv and wrote nothing when it was started",),
    ),
    Example(
        "another_api",
        (
            "--compose-file=compose.yml",
            "--guide=GUIDE.md",
            "--service=photos",
            "--media-root=/srv/photos",
            "--upload-config=uploads.ini",
        ),
        broken=SILENT,
        unproven=MIGRATION
        | {"layout.avatars", "layout.profile_pictures", "persistence.down_up"}
        | {"troubleshooting.permissions", "troubleshooting.restart"},
        says=("the description of the platform's uploads has no profile_pictures", "GUIDE.md says nothing of"),
    ),
    Example(
        "whole_server",
        ("--compose-file=docker-compose.yml", "--guide=GUIDE.md"),
        unproven=MIGRATION | SILENT,  # a script takes no other volume, and so none that isn't there
        says=(
            "proxy does without /var/run/docker.sock: it leads out of the sandbox",
            "monitor does without /: it leads out of the sandbox",
            "monitor: network_mode, pid, privileged left out",
            "volume archive is a plain one",
        ),
        code="service",
    ),
)
