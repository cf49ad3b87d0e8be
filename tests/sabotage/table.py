"""Every sabotage: which guarantees it breaks, exactly, and words that the explanation must hold."""

from __future__ import annotations

from typing import NamedTuple

LAYOUT = frozenset({"layout.avatars", "layout.event_banners", "layout.profile_pictures"})
BACKUP = frozenset({"backup.created", "backup.complete", "backup.harmless", "backup.under_load", "backup.fails_loudly"})
RESTORE = frozenset({"restore.disaster", "restore.repair", "restore.idempotent", "portability.another_host"})
MIGRATION = frozenset({"migration.complete", "migration.idempotent", "migration.preserves", "migration.refuses"})
PERSISTENCE = frozenset(
    f"persistence.{event}"
    for event in ("recreate", "update", "down_up", "kill", "engine_restart", "host_crash", "acknowledged")
)
# A volume that is lost here and restored, here or elsewhere.
LOST_VOLUME = frozenset({"restore.disaster", "portability.another_host"})
# Everything that restarts the service.
RESTARTS = PERSISTENCE | LOST_VOLUME | {"troubleshooting.restart"}
# What an archive without some of the media breaks, and one without those that people upload all the time.
WITHOUT_SOME = LOST_VOLUME | {"backup.complete", "restore.repair"}
WITHOUT_ARCHIVE = WITHOUT_SOME | {"backup.under_load"}
# What a restart that loses media breaks.
RESTART = frozenset({"persistence.down_up", "persistence.acknowledged", "troubleshooting.restart"})
# Other bytes than were sent: what was acknowledged isn't whole.
RECODED = frozenset({"volume.receives_uploads", "persistence.acknowledged", "backup.under_load"})
# A guide that speaks of another volume than the one in use: one that its command makes, or one that isn't there.
OTHER_VOLUME = WITHOUT_ARCHIVE | {"volume.dedicated", "backup.harmless", "backup.fails_loudly"}
NO_SUCH_VOLUME = BACKUP | RESTORE | {"volume.dedicated"}
# Everything that asks what backs the media root.
NO_VOLUME = (
    LAYOUT
    | BACKUP
    | RESTORE
    | MIGRATION
    | RESTARTS
    | {"volume.dedicated", "volume.mounted", "volume.receives_uploads", "troubleshooting.permissions"}
    | {"beyond.power_loss", "restore.rejects_damage"}
)
# A platform that takes no picture at all.
NO_UPLOADS = (NO_VOLUME - {"volume.dedicated"}) | {"troubleshooting.inspect", "simplicity.self_contained"}


class Row(NamedTuple):
    """A sabotage by the name of its file, what it breaks, and what the explanation must say."""

    name: str
    breaks: frozenset[str]
    says: tuple[str, ...]


class Silence(NamedTuple):
    """A guide that leaves something out, by the name of its file, what is unproven then, and words of the reasons."""

    name: str
    unproven: frozenset[str]
    says: tuple[str, ...]


def _row(name: str, breaks: frozenset[str] | set[str], *says: str) -> Row:
    return Row(name, frozenset(breaks), says)


def _silence(name: str, unproven: frozenset[str] | set[str], *says: str) -> Silence:
    return Silence(name, frozenset(unproven), says)


BROKEN = (
    # the compose file
    _row(
        "volume_without_name",
        NO_SUCH_VOLUME,
        "the media are in connect_media_volume",
        "name: media_volume",
        "No such volume",
    ),
    _row("volume_of_another_name", NO_SUCH_VOLUME, "the media are in platform_media"),
    _row("no_volume", NO_VOLUME, "nothing is mounted at /usr/src/platform/media"),
    _row("anonymous_volume", NO_SUCH_VOLUME | RESTART, "anonymous"),
    _row("wrong_path", NO_VOLUME, "nothing is mounted at /usr/src/platform/media"),
    # The restore is proved: `docker run` makes a volume on disk, and Compose takes what is there.
    _row("volume_in_memory", PERSISTENCE | {"beyond.power_loss"}, "missing", "is in memory"),
    _row("read_only_volume", NO_UPLOADS, "read-only"),
    # The migration script refuses to work across a mount.
    _row("image_hides_a_folder", MIGRATION | {"volume.mounted"}, "media/thumbnails is mounted over the volume"),
    _row("shared_with_a_cache", {"volume.dedicated"}, "cache at /var/cache/app"),
    _row("object_store_credentials", {"simplicity.self_contained"}, "AWS_SECRET_ACCESS_KEY"),
    _row("needs_a_way_out", {"simplicity.self_contained"}, "out of reach"),
    # the engine and its programs
    _row(
        "engine_on_ephemeral_disk",
        {f"persistence.{event}" for event in ("engine_restart", "host_crash", "acknowledged")},
        "missing",
    ),
    _row("engine_is_pruned", RESTART, "missing"),
    # the service
    _row("recodes_photos", LAYOUT | {"volume.receives_uploads", "beyond.power_loss"}, "other bytes"),
    _row("tidies_up_at_start", RESTARTS, "missing"),
    _row("webp_as_octet_stream", LAYOUT, "as another type"),
    _row(
        "replaces_same_name",
        LAYOUT | {"persistence.acknowledged", "backup.under_load"},
        "one replaced the other",
        "with the content of another upload",
    ),
    _row("banners_among_avatars", {"layout.event_banners"}, "that are not in event_banners/"),
    _row("avatars_recoded", RECODED | {"layout.avatars"}, "other bytes", "with content that nobody sent"),
    _row("profile_pictures_as_text", {"layout.profile_pictures"}, "as another type"),
    _row("syncs_nothing", {"beyond.power_loss"}, "acknowledged pictures are not whole", "fsync"),
    _row("syncs_content_without_its_name", {"beyond.power_loss"}, "no such file"),
    _row("syncs_name_without_its_content", {"beyond.power_loss"}, ": 0 of "),
    _row("copies_outside", {"volume.receives_uploads"}, "container's own layer"),
    _row(
        "acknowledges_before_it_writes",
        {"volume.receives_uploads", "persistence.acknowledged", "beyond.power_loss"},
        " torn",
    ),
    # A withdrawn upload frees its name, and another picture may take it: lost, or swapped.
    _row("takes_back_when_stopped", {"persistence.acknowledged"}, "acknowledged uploads: "),
    # the guide: backup
    _row("guide_backs_up_another_volume", OTHER_VOLUME, "the media are in media_volume"),
    _row("guide_backs_up_avatars_only", WITHOUT_ARCHIVE, "missing"),
    _row("guide_forgets_compression", {"backup.complete", "backup.under_load"} | RESTORE, "can't be read"),
    _row("guide_dates_yesterday", {"backup.created"}, "a backup started on"),
    _row("guide_dates_in_the_container", {"backup.created"}, "never asked what day it is"),
    _row("guide_excludes_animations", WITHOUT_SOME, "missing"),
    _row("guide_asks_for_no_volume", {"backup.fails_loudly"}, "isn't there ended with status 0"),
    _row("guide_asks_for_no_volume_without_name", OTHER_VOLUME, "the media are in connect_media_volume"),
    _row("guide_hides_failed_backups", {"backup.fails_loudly"}, "disk that is full ended with status 0"),
    _row("guide_stops_the_platform", {"backup.harmless"}, "ran before the backup, and is stopped now"),
    _row("guide_discards_what_changed", {"backup.under_load"}, "0 archives appeared"),
    _row("guide_leaves_containers", {"backup.harmless", "restore.disaster"}, "left behind: container"),
    _row("guide_marks_the_volume", WITHOUT_SOME | {"backup.harmless"}, "extra"),
    # tar says of a link that leads nowhere what it says of a file that vanished, which may happen during uploads.
    _row(
        "guide_follows_links",
        {"backup.created", "backup.complete", "backup.harmless"} | RESTORE,
        "dangling: File removed before we read it",
    ),
    _row("guide_flattens_hard_links", WITHOUT_SOME, "linked to"),
    _row("guide_backs_up_elsewhere", RESTORE, "No such file"),
    # the guide: restore
    _row("guide_restores_another_volume", LOST_VOLUME | {"volume.dedicated", "restore.repair"}, "media_volume_new"),
    _row("guide_restores_elsewhere", LOST_VOLUME | {"restore.repair", "restore.rejects_damage"}, "missing"),
    _row("guide_keeps_old_files", LOST_VOLUME | {"restore.repair", "restore.rejects_damage"}, "0 bytes"),
    _row("guide_wipes_before_restoring", {"restore.repair"}, "did not survive the restore"),
    _row("guide_restores_as_root", LOST_VOLUME | {"restore.repair", "restore.rejects_damage"}, "owner"),
    _row("guide_restores_absolute_names", {"restore.rejects_damage"}, "names lead out of the volume"),
    _row("guide_needs_a_note_of_this_server", {"portability.another_host"}, "the guide's restore command"),
    _row("guide_hides_failed_restores", {"restore.rejects_damage"}, "which isn't there, the restore command ended"),
    # the guide: the rest
    _row("guide_removes_volumes", RESTART, "missing"),
    _row("guide_prunes_volumes", RESTART, "missing"),
    _row("guide_says_yes_to_everything", {"persistence.down_up"}, "whose labels were changed in the compose file"),
    _row("guide_renames_the_project", RESTART, "runs instead, with platform_media_volume"),
    _row("guide_takes_permissions", {"troubleshooting.permissions"}, "ended with status 1"),
    _row("guide_repairs_elsewhere", {"troubleshooting.permissions"}, "ended with status 1"),
    _row("guide_lists_elsewhere", {"troubleshooting.inspect"}, "does not show"),
    # the migration script
    _row("migration_skips_dot_files", {"migration.complete"}, "missing"),
    _row("migration_overwrites", {"migration.preserves"}, "overwritten in silence"),
    _row("migration_moves", {"migration.preserves"}, "after migrating the host's files"),
    _row("migration_keeps_silent_of_conflicts", {"migration.preserves"}, "ended with status 0"),
    _row("migration_without_lock", {"migration.refuses"}, "as if all was well"),
    _row("migration_as_root", {"migration.complete"}, "can't read, replace and delete"),
    _row("migration_says_nothing", {"migration.idempotent"}, "prints the same as when it brought everything"),
    _row("migration_takes_any_container", {"migration.refuses"}, "took another container for the service's"),
    _row("migration_takes_any_option", {"migration.refuses"}, "as if all was well"),
    _row("migration_forgets_times", {"migration.complete"}, "mtime"),
    _row("migration_leaves_a_mark", {"migration.idempotent"}, "migrating a second time"),
    _row("migration_opens_modes", {"migration.complete"}, "mode"),
)

# What a guide doesn't describe, it doesn't promise: unproven, with a reason that says so.
SILENT = (
    _silence("guide_without_backup", BACKUP | RESTORE | {"volume.dedicated"}, "no backup command"),
    _silence("guide_without_restore", RESTORE | {"restore.rejects_damage", "volume.dedicated"}, "no restore command"),
    # Uploads then go through all other events.
    _silence("guide_without_restart", RESTART - {"persistence.acknowledged"}, "no restart command"),
    _silence("guide_without_migration", MIGRATION, "no migrate command"),
    _silence("guide_with_two_backups", BACKUP | RESTORE | {"volume.dedicated"}, "two different backup commands"),
)

HEALTHY = (
    "long_volume_syntax",
    "external_volume",
    "driver_options",
    "root_service",
    "another_project_name",
    "version_3_file",
    "two_replicas",
    "media_server_in_front",
    "extra_mounts",
    "bind_mount_around",
    "another_base_image",
    # The database moves to another host with the deployment: the guide is about the media alone.
    "serves_what_its_database_knows",
    "no_restart_policy",
    "guide_with_long_options",
    "guide_stops_the_service_for_a_backup",
    "guide_in_english",
)
