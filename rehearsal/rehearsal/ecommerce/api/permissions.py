from rest_framework.permissions import IsAdminUser, IsAuthenticated

STAFF = (IsAuthenticated, IsAdminUser)
"""Permission for administrators by their token: 401 for anonymous callers, 403 for others."""
