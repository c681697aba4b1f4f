"""A learner's picture, as browsers upload and show it."""

import re

import httpx

from tests.acceptance.traffic import Visitor

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
ACCOUNT = "/api/user/v1/accounts/"


class Learner:
    """A learner who is signed in at an instance."""

    def __init__(self, visitor: Visitor, name: str) -> None:
        self._visitor, self._name = visitor, name
        visitor.get("/register")
        fields = {"name": name, "email": f"{name}@example.com", "username": name}
        passwords = dict.fromkeys(("password1", "password2"), "a-long-Secret-1")
        assert visitor.post("/register", data=fields | passwords).status_code == httpx.codes.FOUND

    def upload(self) -> httpx.Response:
        """Upload the picture."""
        return self._visitor.post(
            f"{ACCOUNT}{self._name}/image", files={"file": ("me.png", PICTURE)}
        )

    def has_picture(self) -> bool:
        """Return True if the LMS has recorded that there is a picture."""
        return bool(self._description()["has_image"])

    def address(self) -> str:
        """Return the address of the picture."""
        return str(self._description()["image_url_full"])

    def picture(self) -> bytes:
        """Return the picture as a browser shows it: from the LMS, or from elsewhere."""
        url = self.address()
        if own := re.fullmatch(r"https://[^/]+(/.*)", url):
            return self._visitor.get(own[1]).content
        return httpx.get(url, timeout=30).content

    def _description(self) -> dict[str, object]:
        answer = self._visitor.get(f"{ACCOUNT}{self._name}").json()
        description: dict[str, object] = answer["profile_image"]
        return description
