"""Learners who find a course at the LMS and buy it at its shop."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

from ocim.core.pages import Page
from ocim.ports.browsers import Browser

CARD = "4242424242424242"


class Customer:
    """A learner, registered and signed in at an instance."""

    def __init__(self, browser: Browser, domain: str, name: str) -> None:
        self._browser, self._name = browser, name
        self._lms, self._shop = f"https://{domain}", f"https://ecommerce.{domain}"
        self._visit(f"{self._lms}/register")
        fields = {"name": name, "email": f"{name}@example.com", "username": name}
        passwords = dict.fromkeys(("password1", "password2"), "a-long-Secret-1")
        self._send(f"{self._lms}/register", fields | passwords)

    def buy(self, course: str) -> str:
        """Buy the course by the link of its page at the LMS; return the number of the order."""
        page = self._visit(f"{self._lms}/courses/{course}/about")
        link = re.search(r'href="([^"]+)">(?:Buy|Upgrade)<', page.text)
        assert link, page.text
        basket = self._visit(unescape(link[1]))
        assert basket.url.startswith(self._shop), basket.url
        receipt = self._send(f"{self._shop}/payment/test-card/submit/", {"card_number": CARD})
        [number] = parse_qs(urlsplit(receipt.url).query)["order_number"]
        return number

    def has(self, course: str) -> bool:
        """Return True if the LMS has enrolled the learner as one who paid."""
        url = f"{self._lms}/api/enrollment/v1/enrollment/{self._name},{course}"
        enrollment = self._visit(url).data or {}
        return (enrollment.get("mode"), enrollment.get("is_active")) == ("verified", True)

    def receipt(self, number: str) -> str:
        """Return the page that the shop shows of an order to its buyer."""
        return self._visit(f"{self._shop}/checkout/receipt/?order_number={number}").text

    def _visit(self, url: str) -> Page:
        return self._well(self._browser.request("GET", url))

    def _send(self, url: str, form: dict[str, str]) -> Page:
        return self._well(self._browser.request("POST", url, form=form))

    @staticmethod
    def _well(page: Page) -> Page:
        assert page.status == 200, f"{page.url}: {page.status} {page.error} {page.text[:2000]}"
        return page
