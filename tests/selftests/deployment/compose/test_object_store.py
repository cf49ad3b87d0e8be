"""An object store in a container's environment counts only if it is switched on."""

import pytest

from media_guarantees.deployment.compose.object_store import object_store_settings


@pytest.mark.parametrize(
    "pair", ["AWS_SECRET_ACCESS_KEY=x", "USE_S3=true", "DJANGO_AWS_REGION=eu", "MINIO_URL=http://x", "media_bucket=a=b"]
)
def test_a_setting_with_a_value_is_named(pair: str) -> None:
    assert object_store_settings([pair, "PATH=/bin"]) == [pair.partition("=")[0]]


@pytest.mark.parametrize("value", ["", " ", "false", "FALSE", "0", "no", "Off", "none", '""', "''"])
@pytest.mark.parametrize("name", ["USE_S3", "AWS_ACCESS_KEY_ID"])
def test_a_setting_that_is_empty_or_switched_off_is_none(name: str, value: str) -> None:
    assert object_store_settings([f"{name}={value}"]) == []


@pytest.mark.parametrize("pair", ["PATH=/bin", "AWSOME=1", "NUMBERS3D=1", "LAWS=1", "HOME"])
def test_other_variables_are_not_settings(pair: str) -> None:
    assert object_store_settings([pair]) == []
