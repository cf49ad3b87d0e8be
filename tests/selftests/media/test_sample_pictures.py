"""The sample media are what they claim to be: a stand-in picture would prove nothing about real ones."""

import random
import unicodedata
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import ExifTags, Image

from media_guarantees.media.sample_pictures import KINDS, Kind, Sample, fresh_sample, make_samples, small_sample

SAMPLES = make_samples(seed=7)
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.kind}-{sample.note}")
every_kind = pytest.mark.parametrize("kind", KINDS)


def opened(sample: Sample) -> Image.Image:
    return Image.open(BytesIO(sample.content))


def of(kind: Kind, content_type: str) -> Sample:
    return next(sample for sample in SAMPLES if (sample.kind, sample.content_type) == (kind, content_type))


@every_sample
def test_picture_opens_whole_and_is_of_its_content_type(sample: Sample) -> None:
    picture = opened(sample)
    picture.load()

    assert FORMATS[str(picture.format)] == sample.content_type


@every_sample
def test_picture_weighs_between_5_and_60_kb(sample: Sample) -> None:
    assert 5_000 <= len(sample.content) <= 60_000, f"{sample.name}: {len(sample.content)} bytes"


@every_kind
def test_kind_has_every_format(kind: Kind) -> None:
    assert {sample.content_type for sample in SAMPLES if sample.kind == kind} == set(FORMATS.values())


@every_kind
def test_jpeg_carries_orientation_camera_and_place(kind: Kind) -> None:
    exif = opened(of(kind, "image/jpeg")).getexif()

    assert exif[ExifTags.Base.Orientation] == 6
    assert exif[ExifTags.Base.Model].startswith("Camera")
    assert exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "S"


@every_kind
def test_png_is_transparent_in_part(kind: Kind) -> None:
    picture = opened(of(kind, "image/png"))

    assert picture.mode == "RGBA"
    opacity = picture.getchannel("A").tobytes()
    assert min(opacity) < 16 < 240 < max(opacity), f"opacity from {min(opacity)} to {max(opacity)}"


@every_kind
def test_gif_moves(kind: Kind) -> None:
    picture = opened(of(kind, "image/gif"))
    frames = []
    for number in range(getattr(picture, "n_frames", 1)):
        picture.seek(number)
        frames.append(picture.convert("RGB").tobytes())

    assert len(set(frames)) >= 3, "fewer than three different frames"


@every_kind
@pytest.mark.parametrize(
    ("what", "holds"),
    [
        ("a space", lambda name: " " in name),
        ("composed accents", lambda name: "ç" in name and unicodedata.is_normalized("NFC", name)),
        ("decomposed accents", lambda name: not unicodedata.is_normalized("NFC", name)),
        ("an emoji", lambda name: any(ord(character) > 0xFFFF for character in name)),
    ],
)
def test_kind_has_a_name_with(kind: Kind, what: str, holds: Callable[[str], bool]) -> None:
    names = [sample.name for sample in SAMPLES if sample.kind == kind]

    assert any(holds(name) for name in names), f"no name with {what} among {names}"


@every_kind
def test_kind_has_two_uploads_of_one_name_with_different_content(kind: Kind) -> None:
    same = [sample.content for sample in SAMPLES if (sample.kind, sample.name) == (kind, "igual.png")]

    assert len(same) == 2
    assert same[0] != same[1]


def test_no_two_pictures_are_alike() -> None:
    assert len({sample.content for sample in SAMPLES}) == len(SAMPLES) == 18


def test_one_seed_draws_the_same_bytes_again() -> None:
    assert make_samples(seed=7) == SAMPLES


def test_another_seed_draws_other_bytes() -> None:
    assert not {sample.content for sample in make_samples(seed=8)} & {sample.content for sample in SAMPLES}


@every_kind
def test_fresh_samples_are_pictures_with_a_new_name_and_content_each(kind: Kind) -> None:
    rng = random.Random(7)  # noqa: S311 - draws pictures, not secrets
    first, second = fresh_sample(rng, kind), fresh_sample(rng, kind)
    opened(first).load()

    assert first.kind == kind
    assert first.name != second.name
    assert first.content != second.content
    assert first.content not in {sample.content for sample in SAMPLES}


def test_of_many_small_pictures_each_opens_and_no_two_are_the_same_though_some_share_a_name() -> None:
    rng = random.Random(7)  # noqa: S311 - nothing here is secret
    many = [small_sample(rng, KINDS) for _ in range(300)]

    assert {(opened(sample).format, sample.content_type) for sample in many} == {("PNG", "image/png")}
    assert len({sample.sha256 for sample in many}) == len(many)
    assert {sample.kind for sample in many} == set(KINDS)
    assert 10 < len({(sample.kind, sample.name) for sample in many}) < 100
    assert sorted({len(sample.content) // 1000 for sample in many}) == [1, 55]
    assert {small_sample(rng, KINDS[:1]).kind for _ in range(20)} == {KINDS[0]}
