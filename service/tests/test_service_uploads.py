"""What is accepted, and that it is kept exactly as it came."""

import hashlib
import io
import os
import stat

import pytest
from PIL import Image

from pictures import BOUNDARY, END, part, picture, send, upload
from uploads.models import Kind, Upload


def _files(media):
    return sorted(path.relative_to(media).as_posix() for path in media.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", Kind.values)
def test_an_upload_lands_in_the_directory_of_its_kind(member, media, kind):
    answer = upload(member, picture(), "foto.jpg", kind)

    assert answer.status_code == 201, answer.content
    assert _files(media) == [f"{kind}/foto.jpg"], "the file is not where its kind says"


def test_the_answer_describes_the_file(member):
    content = picture("PNG")
    answer = upload(member, content, "ação 🎉.png").json()

    assert answer == {
        "kind": "avatars",
        "name": "ação 🎉.png",
        "path": "avatars/ação 🎉.png",
        "url": "/media/avatars/a%C3%A7%C3%A3o%20%F0%9F%8E%89.png",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "content_type": "image/png",
    }


def _exif():
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    return exif


def _animation():
    frames = [Image.new("P", (8, 6), colour) for colour in (1, 2, 3)]
    stream = io.BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


def _alpha():
    stream = io.BytesIO()
    Image.new("RGBA", (8, 6), (1, 2, 3, 4)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("exif.jpg", picture(exif=_exif())),
        ("upper.JPEG", picture()),
        ("phone.jpg", picture("MPO", save_all=True, append_images=[Image.new("RGB", (4, 3))])),
        ("alpha.png", _alpha()),
        ("animated.gif", _animation()),
        ("small.webp", picture("WEBP")),
    ],
)
def test_every_format_is_kept_byte_for_byte(member, media, name, content):
    answer = upload(member, content, name)

    assert answer.status_code == 201, answer.content
    assert (media / "avatars" / name).read_bytes() == content, "the picture was changed on its way"


@pytest.mark.parametrize(
    "name",
    [
        "foto de perfil.jpg",
        " spaces around .jpg",
        "joa\u0303o.jpg",
        "jo\u00e3o.jpg",
        "🎉👩‍🚀.jpg",
        "-rf.jpg",
        "$(x) 'q' 100%.jpg",
        "&amp;.jpg",
        "a%2Fb.jpg",
        "é" * 125 + "x.jpg",
    ],
)
def test_names_are_kept_exactly(member, media, name):
    answer = upload(member, picture(), name)

    assert answer.status_code == 201, answer.content
    assert os.listdir(os.fsencode(media / "avatars")) == [name.encode()], "the name was changed"
    assert answer.json()["name"] == name


def test_two_uploads_of_one_name_are_both_kept(member, media):
    first, second = picture(size=(1, 1)), picture(size=(2, 2))
    paths = [upload(member, content, "same.jpg").json()["path"] for content in (first, second)]

    assert paths == ["avatars/same.jpg", "avatars/same (2).jpg"]
    assert [(media / path).read_bytes() for path in paths] == [first, second]


def test_a_file_that_came_by_another_way_is_not_overwritten(member, media):
    (media / "avatars").mkdir()
    (media / "avatars" / "old.jpg").write_bytes(b"migrated")
    answer = upload(member, picture(), "old.jpg")

    assert answer.json()["path"] == "avatars/old (2).jpg"
    assert (media / "avatars" / "old.jpg").read_bytes() == b"migrated", "an existing file was replaced"


def test_a_name_is_free_again_when_its_file_is_gone(member, media):
    upload(member, picture(), "gone.jpg")
    (media / "avatars" / "gone.jpg").unlink()
    answer = upload(member, picture(size=(3, 3)), "gone.jpg")

    assert answer.status_code == 201, "a record without a file blocks its name"
    assert [record.sha256 for record in Upload.objects.all()] == [answer.json()["sha256"]]


def test_files_are_readable_by_all_and_writable_by_their_owner(member, media):
    before = os.umask(0o077)
    try:
        upload(member, picture(), "mode.jpg")
    finally:
        os.umask(before)

    assert stat.S_IMODE((media / "avatars" / "mode.jpg").stat().st_mode) == 0o644


def test_directories_are_listable_by_all(member, media):
    upload(member, picture(), "mode.jpg")

    assert stat.S_IMODE((media / "avatars").stat().st_mode) == 0o755


def test_the_largest_allowed_file_is_accepted(member, settings_limit):
    content = picture()
    settings_limit(len(content))

    assert upload(member, content, "limit.jpg").status_code == 201, "the limit itself must be allowed"


def test_a_file_beside_other_fields_is_accepted(member):
    body = part(b"a holiday", 'name="title"') + part(picture(), 'name="file"; filename="f.jpg"') + END

    assert send(member, body).status_code == 201


def test_the_extended_file_name_of_rfc_6266_is_understood(member):
    body = part(picture(), "name=\"file\"; filename*=UTF-8''jo%C3%A3o.jpg") + END

    assert send(member, body).json()["name"] == "joão.jpg"


def test_the_list_holds_what_was_accepted_of_that_kind(member):
    accepted = [upload(member, picture(), name).json() for name in ("b.jpg", "a.jpg")]
    upload(member, picture(), "other.jpg", "event_banners")

    assert member.get("/api/avatars/").json() == {"uploads": accepted}


def test_a_boundary_in_quotes_is_understood(member):
    body = part(picture(), 'name="file"; filename="q.jpg"') + END
    answer = member.generic("POST", "/api/avatars/", body, content_type=f'multipart/form-data; boundary="{BOUNDARY}"')

    assert answer.status_code == 201, answer.content
