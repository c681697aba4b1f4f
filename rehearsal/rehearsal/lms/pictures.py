"""Learners' pictures in the storage that the settings choose."""

from hashlib import md5

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from rehearsal.edxapp.student.models import UserProfile

SIZES = {"full": 500, "large": 120, "medium": 50, "small": 30}
"""Sides in pixels on the real platform. Here the picture is neither scaled nor converted."""
_STARTS = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "gif": (b"GIF87a", b"GIF89a"),
    "jpg": (b"\xff\xd8",),
    "jpeg": (b"\xff\xd8",),
}
"""First bytes of files by the endings of their names."""


def fault_of(picture: "UploadedFile[bytes]") -> str:
    """Return the reason why an uploaded file cannot be a picture; "" if it can."""
    size = picture.size or 0
    if size > settings.PROFILE_IMAGE_MAX_BYTES:
        return f"The file must be smaller than {settings.PROFILE_IMAGE_MAX_BYTES} bytes in size."
    if size < settings.PROFILE_IMAGE_MIN_BYTES:
        return f"The file must be at least {settings.PROFILE_IMAGE_MIN_BYTES} bytes in size."
    starts = _STARTS.get((picture.name or "").lower().rpartition(".")[2])
    if starts is None:
        return f"The file must be one of the following types: {', '.join(_STARTS)}."
    start = picture.read(8)
    picture.seek(0)
    if not start.startswith(starts):
        return (
            "The file name extension for this file does not match the file data. The file may be"
            " corrupted."
        )
    return ""


def store(user: User, picture: "UploadedFile[bytes]") -> None:
    """Store the picture, and then record that the user has one. Raise the storage's own errors."""
    for name in _names(user).values():
        picture.seek(0)
        storages["pictures"].save(name, picture)
    UserProfile.objects.update_or_create(
        user=user, defaults={"profile_image_uploaded_at": timezone.now()}
    )


def remove(user: User) -> None:
    """Record that the user has no picture, and then delete it. Raise the storage's own errors."""
    UserProfile.objects.filter(user=user).update(profile_image_uploaded_at=None)
    for name in _names(user).values():
        storages["pictures"].delete(name)


def urls(user: User) -> dict[str, str]:
    """Return where the user's picture is, by size; {} if there is none."""
    profile = UserProfile.objects.filter(user=user).first()
    uploaded = profile.profile_image_uploaded_at if profile else None
    if uploaded is None:
        return {}
    return {
        size: _of_version(name, int(uploaded.timestamp())) for size, name in _names(user).items()
    }


def _of_version(name: str, version: int) -> str:
    """Return a URL that changes with each upload, so that browsers do not show the last picture."""
    url = storages["pictures"].url(name)
    return f"{url}{'&' if '?' in url else '?'}v={version}"


def _names(user: User) -> dict[str, str]:
    """Return the names of the picture's files by size; they do not tell the user's name."""
    text = f"{getattr(settings, settings.RELEASE.picture_seed)}{user.username}"
    digest = md5(text.encode(), usedforsecurity=False).hexdigest()
    return {size: f"{digest}_{pixels}.jpg" for size, pixels in SIZES.items()}
