"""The page that asks before something is done that cannot be undone."""

from dataclasses import dataclass, field, replace
from typing import Self

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Question:
    """A question, with what follows from a yes."""

    title: str
    """Text of the question; `{}` stands for what it is about."""
    consequence: str
    label: str
    """Text of the button that says yes."""
    back: tuple[str, ...]
    """Name and arguments of the page to return to."""
    fields: dict[str, str] = field(default_factory=dict)
    """Hidden fields of the form."""

    def about(self, name: str) -> Self:
        """Return the question about something of this name."""
        return replace(self, title=self.title.format(name))

    @property
    def cancel(self) -> str:
        """Address of the page to return to."""
        return reverse(self.back[0], args=self.back[1:])


def is_confirmed(request: HttpRequest) -> bool:
    """Return True if somebody has read the question and said yes."""
    return request.method == "POST" and "confirmed" in request.POST


def ask(request: HttpRequest, question: Question) -> HttpResponse:
    """Show the question; its form is sent to the page that was asked for."""
    return render(request, "web/question.html", {"question": question})
