"""Good and bad deploys: what each does, exactly which guarantees it breaks, and words of the explanation."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from owner import Owner, edit

from media_guarantees.media.sample_pictures import make_samples

KEPT = frozenset({"persistence.update"})
DRILL = frozenset({"backup.created", "backup.complete", "restore.disaster"})
# The guide's commands work on another volume than the one in use.
OTHER_VOLUME = DRILL | {"volume.dedicated"}
# There is no volume in use.
EVERYTHING = OTHER_VOLUME | KEPT | {"volume.mounted"}

MOUNT = "      - media_volume:/usr/src/platform/media\n"
NAME = "    name: media_volume\n"
RESTART = "    restart: always\n"
PICTURES = "find . -type f -name '*.jpg'"


class Rollout(NamedTuple):
    """A deploy. It must break exactly `breaks`, leave `unproven` open, and `says` is what must be reported."""

    deploy: Callable[[Owner], object]
    breaks: frozenset[str]
    unproven: frozenset[str]
    says: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the deploy."""
        return self.deploy.__name__


BAD: list[Rollout] = []
HARMLESS: list[Rollout] = []

Deploy = Callable[[Owner], object]


def bad(breaks: frozenset[str], *says: str, unproven: frozenset[str] = frozenset()) -> Callable[[Deploy], Deploy]:
    """Register a deploy that harms the media."""

    def enlist(deploy: Deploy) -> Deploy:
        BAD.append(Rollout(deploy, breaks, unproven, says))
        return deploy

    return enlist


def harmless(*says: str, unproven: frozenset[str] = frozenset()) -> Callable[[Deploy], Deploy]:
    """Register a deploy that must not be accused."""

    def enlist(deploy: Deploy) -> Deploy:
        HARMLESS.append(Rollout(deploy, frozenset(), unproven, says))
        return deploy

    return enlist


# What is behind the media root


@bad(OTHER_VOLUME | KEPT, "backed by platform_media", "the volume media_volume is still there")
def volume_renamed(owner: Owner) -> None:
    edit(owner.compose_file, NAME, "    name: platform_media\n")
    owner.up()


@bad(OTHER_VOLUME | KEPT, "backed by connect_media_volume", "name: media_volume")
def name_dropped(owner: Owner) -> None:
    edit(owner.compose_file, NAME, "")
    owner.up()


@bad(OTHER_VOLUME | KEPT, "is still there")
def anonymous_volume(owner: Owner) -> None:
    edit(owner.compose_file, MOUNT, "      - /usr/src/platform/media\n")
    # Compose passes the old volume on to a container that it recreates.
    owner.compose("down")
    owner.up()


@bad(EVERYTHING, "backed by a bind")
def bind_mount_in_its_place(owner: Owner) -> None:
    edit(owner.compose_file, MOUNT, "      - ./media:/usr/src/platform/media\n")
    (owner.folder / "media").mkdir()
    (owner.folder / "media").chmod(0o777)
    owner.up()


@bad(EVERYTHING, "backed by a tmpfs")
def memory_in_its_place(owner: Owner) -> None:
    edit(owner.compose_file, MOUNT, "      - {type: tmpfs, target: /usr/src/platform/media, tmpfs: {mode: 0o777}}\n")
    owner.compose("down")
    owner.try_up()


@bad(EVERYTHING, "nothing is mounted at /usr/src/platform/media", "media_volume at /usr/src/platform/uploads")
def mounted_elsewhere(owner: Owner) -> None:
    edit(owner.compose_file, MOUNT, "      - media_volume:/usr/src/platform/uploads\n")
    owner.try_up()


@bad(EVERYTHING, "nothing is mounted at /usr/src/platform/media")
def mount_dropped(owner: Owner) -> None:
    edit(owner.compose_file, MOUNT, "")
    owner.up()


@bad(frozenset({"volume.mounted"}) | KEPT, "avatars is mounted over the volume", "answered 404")
def bind_mount_over_a_directory(owner: Owner) -> None:
    edit(owner.compose_file, MOUNT, MOUNT + "      - ./avatars:/usr/src/platform/media/avatars\n")
    (owner.folder / "avatars").mkdir()
    owner.up()


@bad(frozenset({"volume.mounted"}) | KEPT, "avatars is mounted over the volume")
def memory_over_a_directory(owner: Owner) -> None:
    edit(owner.compose_file, RESTART, f"{RESTART}    tmpfs: /usr/src/platform/media/avatars\n")
    owner.up()


@bad(frozenset({"volume.mounted"}), "read-only")
def mounted_read_only(owner: Owner) -> None:
    edit(owner.compose_file, MOUNT, "      - media_volume:/usr/src/platform/media:ro\n")
    owner.try_up()


@bad(KEPT, "missing", unproven=DRILL - {"backup.created"})
def volumes_removed(owner: Owner) -> None:
    owner.compose("down", "--volumes")
    owner.up()


@bad(KEPT, "before the deploy, by media_volume, made")
def volume_swapped(owner: Owner) -> None:
    owner.compose("down")
    owner.docker("volume", "create", "aside")
    copy = ("run", "--rm", "--volume=media_volume:/a", "--volume=aside:/b", "ubuntu", "cp", "--archive")
    owner.docker(*copy, "/a/.", "/b")
    owner.docker("volume", "rm", "media_volume")
    owner.compose("create", "--build")
    owner.docker(*copy, "/b/.", "/a")
    owner.up()


# What is in it


@bad(KEPT, "missing", "avatars/")
def avatars_deleted_at_start(owner: Owner) -> None:
    owner.at_start("rm media/avatars/*")
    owner.up()


@bad(KEPT, "became 0 bytes")
def pictures_truncated(owner: Owner) -> None:
    owner.in_volume(f"{PICTURES} -exec truncate --size=0 {{}} +")
    owner.up("--force-recreate")


@bad(KEPT, "content")
def a_byte_changed_and_the_time_put_back(owner: Owner) -> None:
    owner.in_volume(
        f'{PICTURES} | while IFS= read -r name; do touch -r "$name" /tmp/time; printf X | dd of="$name" bs=1 seek=99 '
        'conv=notrunc status=none; touch -r /tmp/time "$name"; done'
    )
    owner.up("--force-recreate")


@bad(KEPT, "content", "quick manifest")
def a_byte_changed_before_a_quick_look(owner: Owner) -> None:
    owner.options.update(MANIFEST="quick", SAMPLE="0")
    a_byte_changed_and_the_time_put_back(owner)


@bad(KEPT, "size")
def pictures_reencoded(owner: Owner) -> None:
    owner.at_start(
        "python -c \"import pathlib; from PIL import Image; [Image.open(p).convert('RGB').save(p, 'JPEG', quality=60) "
        "for p in pathlib.Path('media').rglob('*.jpg')]\""
    )
    owner.up()


@bad(KEPT, "missing")
def pictures_renamed(owner: Owner) -> None:
    owner.in_volume('for name in avatars/*; do mv "$name" "avatars/X${name#avatars/}"; done')
    owner.up("--force-recreate")


@bad(KEPT, "owner", "10001 became 0")
def given_to_root(owner: Owner) -> None:
    owner.in_volume("chown -R 0:0 event_banners")
    owner.up("--force-recreate")


@bad(KEPT, "access", "answered 503")
def taken_from_the_service(owner: Owner) -> None:
    owner.in_volume("chmod 000 avatars")
    owner.up("--force-recreate")


@bad(KEPT, "access")
def directories_closed_for_uploads(owner: Owner) -> None:
    owner.in_volume("chmod 555 avatars event_banners profile_pictures .")
    owner.compose("up", "--detach", "--force-recreate")


@bad(KEPT, "access")
def another_user(owner: Owner) -> None:
    owner.in_volume("chmod -R a+rwX .", "connect_database_volume")
    edit(owner.compose_file, "    stop_grace_period: 2s\n", '    stop_grace_period: 2s\n    user: "12345:12345"\n')
    owner.try_up()


@bad(KEPT, "directory became symlink")
def moved_out_and_linked(owner: Owner) -> None:
    owner.at_start("cp -a media/avatars /tmp/avatars && rm -r media/avatars && ln -s /tmp/avatars media/avatars")
    owner.up()


# What the service does, and what the guide says


@bad(KEPT, "answered 404")
def media_at_another_address(owner: Owner) -> None:
    edit(owner.folder / "service/connect/urls.py", 'r"^media/"', 'r"^pictures/"')
    owner.up()


@bad(KEPT, "answered 404")
def media_root_of_another_configuration(owner: Owner) -> None:
    edit(owner.compose_file, "    environment:\n", "    environment:\n      CONNECT_MEDIA_ROOT: /tmp\n")
    owner.up()


@bad(EVERYTHING, "has no running container")
def service_that_ends(owner: Owner) -> None:
    edit(owner.compose_file, RESTART, '    restart: "no"\n    command: "true"\n')
    owner.try_up()
    owner.docker("wait", *owner.docker("ps", "--all", "--quiet").split())


@bad(OTHER_VOLUME, "names media_files")
def guide_of_another_volume(owner: Owner) -> None:
    text = owner.guide.read_text(encoding="utf-8")
    owner.guide.write_text(text.replace("-v media_volume:", "-v media_files:"), encoding="utf-8")
    owner.up("--force-recreate")


@bad(frozenset({"backup.complete", "restore.disaster"}), "missing")
def guide_that_leaves_animations_out(owner: Owner) -> None:
    edit(owner.guide, "tar -czvf", "tar --exclude='*.gif' -czvf")
    owner.up("--force-recreate")


# Harmless


@harmless("of a new image")
def new_image(owner: Owner) -> None:
    dockerfile = owner.folder / "service/Dockerfile"
    dockerfile.write_text(dockerfile.read_text() + "ENV RELEASE=2\n")
    owner.up()


@harmless("quick manifest", "It would miss")
def quick_look(owner: Owner) -> None:
    owner.options.update(MANIFEST="quick", SAMPLE="3")
    owner.up("--force-recreate")


@harmless("of the same image")
def recreated(owner: Owner) -> None:
    owner.up("--force-recreate")


@harmless()
def new_pictures(owner: Owner) -> None:
    for sample in make_samples(2):
        owner.upload(sample)
    owner.up("--force-recreate")
    for sample in make_samples(3):
        owner.upload(sample)


@harmless("new containers in place of 1")
def more_replicas(owner: Owner) -> None:
    owner.up("--scale", "web-project=3")


@harmless()
def project_renamed(owner: Owner) -> None:
    owner.compose("down")
    edit(owner.compose_file, "name: connect\n", "name: platform\n")
    owner.up()


@harmless()
def label_changed(owner: Owner) -> None:
    edit(owner.compose_file, "    environment:\n", "    labels: {release: two}\n    environment:\n")
    owner.up()


@harmless()
def environment_changed(owner: Owner) -> None:
    edit(owner.compose_file, "    environment:\n", "    environment:\n      CONNECT_MAX_UPLOAD_BYTES: 20000000\n")
    owner.up()


@harmless("declared")
def pictures_removed_on_purpose(owner: Owner) -> None:
    owner.options["REMOVED"] = "event_banners/festa*:avatars/igual.png"
    owner.in_volume("rm event_banners/festa* avatars/igual.png")
    owner.up("--force-recreate")


@harmless("declared")
def pictures_removed_by_the_services_own_list(owner: Owner) -> None:
    listed = owner.folder / "removed.txt"
    listed.write_text("avatars/igual.png\n./event_banners/foto de perfil.jpg\n")
    owner.options["REMOVED_LIST"] = str(listed)
    owner.in_volume("rm avatars/igual.png 'event_banners/foto de perfil.jpg'")
    owner.up("--force-recreate")


@harmless()
def guides_permissions_typed(owner: Owner) -> None:
    owner.compose("exec", "-T", "web-project", "chmod", "-R", "755", "/usr/src/platform/media")
    owner.up("--force-recreate")


@harmless()
def a_reader_beside_it(owner: Owner) -> None:
    reader = '{image: ubuntu, command: sleep infinity, init: true, volumes: ["media_volume:/media:ro"]}'
    edit(owner.compose_file, "\nvolumes:\n", f"  reader: {reader}\n\nvolumes:\n")
    owner.up("--force-recreate")


@harmless("nothing was deployed", unproven=KEPT)
def only_started_again(owner: Owner) -> None:
    owner.compose("restart")


@harmless("nothing was deployed", unproven=KEPT)
def deploy_that_changed_nothing(owner: Owner) -> None:
    owner.up()
