"""Images as rows of a list, for commands and API."""

from ocim.core.images import Image

INPUTS = ("provider", "release", "services", "playbook", "configuration")
COLUMNS = ("image", *INPUTS, "built", "MB", "hosts")
MEGABYTE = 10**6


def row(image: Image) -> dict[str, object]:
    """Return the values of COLUMNS for an image."""
    values = (
        image.name,
        *(image.inputs[name] for name in INPUTS),
        image.built.isoformat(timespec="seconds"),
        image.size // MEGABYTE,
        list(image.hosts),
    )
    return dict(zip(COLUMNS, values, strict=True))
