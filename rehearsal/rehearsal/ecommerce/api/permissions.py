from rest_framework.permissions import IsAdminUser, IsAuthenticated

STAFF = (IsAuthenticated, IsAdminUser)
"""Whom a token calls an administrator: 401 for nobody, 403 for others."""
