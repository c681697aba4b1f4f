"""Calls of Stripe's. From palm on the service reads these keys when it starts.

Their place does not depend on the site's partner: without an entry `edx`, nothing starts.
"""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

_KEYS = settings.PAYMENT_PROCESSOR_CONFIG["edx"]["stripe"]
API_KEY, ENDPOINT_SECRET = _KEYS["secret_key"], _KEYS["webhook_endpoint_secret"]


@csrf_exempt
@require_POST
def stripe(_request: HttpRequest) -> JsonResponse:
    """Refuse every call: no rehearsal is called by Stripe."""
    return JsonResponse({}, status=400)
