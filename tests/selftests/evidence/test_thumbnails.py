"""Damaged pictures are shown before and after; what a platform serves is encoded again or left out."""

import base64
from io import BytesIO

import pytest
from fake_programs import Programs
from fake_stack import FakePlatform
from PIL import Image

from media_guarantees.evidence.thumbnails import EDGE, LIMIT, data_uri, pairs
from media_guarantees.media.sample_pictures import make_samples
from media_guarantees.media.uploads.platform_protocol import Served, Upload

SAMPLES = make_samples(1)


@pytest.fixture(name="platform")
def _platform() -> FakePlatform:
    return FakePlatform()


def upload(number: int) -> Upload:
    sample = SAMPLES[number]
    return Upload(sample, f"{sample.kind}/{number}", f"/media/{number}", sample.sha256, len(sample.content))


def picture_in(uri: str) -> Image.Image:
    kind, _, encoded = uri.partition(",")
    assert kind == "data:image/webp;base64"
    return Image.open(BytesIO(base64.b64decode(encoded)))


@pytest.mark.parametrize("sample", SAMPLES[:6], ids=lambda sample: sample.note)
def test_every_format_gives_a_small_picture(sample: object) -> None:
    picture = picture_in(data_uri(sample.content))  # type: ignore[attr-defined]

    assert max(picture.size) <= EDGE


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg onload=alert(1)>", SAMPLES[0].content[:40], b"\x89PNG\r\n\x1a\n" + bytes(100)],
    ids=["nothing", "no picture", "truncated", "a header only"],
)
def test_what_is_no_picture_is_not_shown(content: bytes) -> None:
    assert data_uri(content) == ""


def test_a_file_that_claims_to_be_huge_is_not_decoded() -> None:
    claim = BytesIO()
    Image.new("1", (20_000, 20_000)).save(claim, "PNG")

    assert len(claim.getvalue()) < 100_000
    assert data_uri(claim.getvalue()) == ""


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n0 0 moveto 9 9 lineto stroke\n%%EOF\n"


def test_no_program_is_started_for_a_format_that_is_not_served(programs: Programs) -> None:
    programs.add("gs")

    assert data_uri(EPS) == ""
    assert programs.calls("gs") == [], "Pillow hands EPS to Ghostscript, a program for a hostile language"


def test_what_is_hidden_in_a_file_is_not_handed_on() -> None:
    content = SAMPLES[0].content + b"secret"

    assert b"secret" not in base64.b64decode(data_uri(content).partition(",")[2])


def test_a_changed_picture_is_shown_beside_what_it_was() -> None:
    (pair,) = pairs({"avatars/0": "changed"}, [upload(0), upload(1)], lambda _: Served(200, SAMPLES[1].content, ""))

    assert (pair.path, pair.damage, pair.before) == ("avatars/0", "changed", data_uri(SAMPLES[0].content))
    assert pair.after == data_uri(SAMPLES[1].content)


def no_answer(_: str) -> None:
    return None


def same(_: str) -> Served:
    return Served(200, SAMPLES[0].content, "")


def gone(_: str) -> Served:
    return Served(404, SAMPLES[1].content, "")


@pytest.mark.parametrize(
    ("damage", "fetch"),
    [("missing", same), ("changed", no_answer), ("changed", gone), ("changed", same)],
    ids=["missing from an archive", "no answer", "not served", "served as ever"],
)
def test_without_another_picture_there_is_nothing_to_show_after(damage: str, fetch: object) -> None:
    (pair,) = pairs({"avatars/0": damage}, [upload(0)], fetch)  # type: ignore[arg-type]

    assert (bool(pair.before), pair.after) == (True, "")


def test_only_a_few_pictures_are_shown() -> None:
    uploads = [upload(number) for number in range(len(SAMPLES))]

    shown = pairs({upload.path: "missing" for upload in uploads}, uploads, no_answer)

    assert len(shown) == LIMIT < len(uploads)
