"""Organizations: before juniper discovery reads them here, since then it writes them."""

from typing import Any

from django.http import HttpRequest, JsonResponse

from rehearsal.edxapp.organizations.models import Organization
from rehearsal.lms.api.requests import Refused, api, body_of, links, page_of, require_user


@api("GET")
def organization_list(request: HttpRequest) -> JsonResponse:
    require_user(request)
    page = page_of(request, Organization.objects.filter(active=True), size=10)
    return JsonResponse(
        {
            **links(request, page),
            "count": page.paginator.count,
            "num_pages": page.paginator.num_pages,
            "current_page": page.number,
            "results": [description(organization) for organization in page],
        }
    )


@api("GET", "PUT")
def organization(request: HttpRequest, key: str) -> JsonResponse:
    """Show an organization; PUT (for staff) creates or changes it."""
    user = require_user(request)
    if request.method == "GET":
        active = Organization.objects.filter(short_name=key, active=True).first()
        if active is None:
            raise Refused(404, detail="Not found.")
        return JsonResponse(description(active))
    if not user.is_staff:
        raise Refused(403, detail="You do not have permission to perform this action.")
    body = body_of(request)
    if body.get("short_name", key) != key:
        raise Refused(400, short_name=["This is not the short name in the address."])
    saved, created = Organization.objects.update_or_create(
        short_name=key,
        defaults={
            "name": body.get("name") or key,
            "description": body.get("description") or "",
            "active": True,
        },
    )
    return JsonResponse(description(saved), status=201 if created else 200)


def description(organization: Organization) -> dict[str, Any]:
    return {
        "id": organization.pk,
        "created": organization.created,
        "modified": organization.modified,
        "name": organization.name,
        "short_name": organization.short_name,
        "description": organization.description,
        "logo": None,
        "active": organization.active,
    }
