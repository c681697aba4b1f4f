"""Deliberate faults, to rehearse what an operator meets when a release is broken."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseServerError

SLOW_SECONDS = 5.0


def faults_middleware(
    answer: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Return middleware that breaks responses as the setting REHEARSAL_FAULTS asks."""

    def middleware(request: HttpRequest) -> HttpResponse:
        faults = settings.REHEARSAL_FAULTS
        if "slow" in faults:
            time.sleep(SLOW_SECONDS)
        heartbeat = request.path.rstrip("/") in {"/heartbeat", "/health"}
        if "answer-500" in faults or (heartbeat and "heartbeat-500" in faults):
            return HttpResponseServerError("A deliberate fault: see REHEARSAL_FAULTS.\n")
        return answer(request)

    return middleware
