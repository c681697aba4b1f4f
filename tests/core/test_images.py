from datetime import UTC, datetime, timedelta

import pytest

from ocim.core.images import Image, image_name, superfluous

INPUTS = {
    "base": "3f2a", "configuration": "5e1f", "platform": "edx-platform-77aa.tar.gz",
    "playbook": "openedx_native.yml", "provider": "nspawn", "release": "open-release/juniper.2",
    "services": "discovery lms studio", "variables": "90ab",
}  # fmt: skip


def image(name: str, *, days: float, hosts: tuple[str, ...] = ()) -> Image:
    built = datetime(2026, 5, 4, tzinfo=UTC) - timedelta(days=days)
    return Image(name, {}, built, 0, hosts)


def names(images: list[Image]) -> list[str]:
    return [image.name for image in images]


def test_a_name_is_the_same_for_equal_inputs_in_any_order() -> None:
    assert image_name(INPUTS) == image_name(dict(reversed(INPUTS.items())))


@pytest.mark.parametrize("changed", INPUTS)
def test_another_input_is_another_image(changed: str) -> None:
    assert image_name({**INPUTS, changed: "other"}) != image_name(INPUTS)
    assert image_name({k: v for k, v in INPUTS.items() if k != changed}) != image_name(INPUTS)


def test_what_stands_in_one_input_is_not_taken_for_another() -> None:
    assert image_name({"a": "b", "c": "d"}) != image_name({"a": "d", "c": "b"})
    assert image_name({"a": "b, c: d"}) != image_name({"a": "b", "c": "d"})


def test_the_newest_are_kept_and_the_oldest_go_first() -> None:
    images = [image("old", days=3), image("new", days=1), image("older", days=4)]
    assert names(superfluous(images, keep=1)) == ["older", "old"]
    assert superfluous(images, keep=3) == []


def test_what_a_host_needs_stays_however_old_it_is() -> None:
    images = [image("needed", days=9, hosts=("appserver-1",)), image("new", days=1)]
    assert names(superfluous(images, keep=0)) == ["new"]
