"""Caddy as the balancer: two processes, an edge that never reloads and a router behind it."""

from ocim.adapters.balancers.caddy.balancer import CaddyBalancer
from ocim.adapters.balancers.caddy.process import Role, start
from ocim.adapters.balancers.caddy.settings import Settings, Tls

__all__ = ["CaddyBalancer", "Role", "Settings", "Tls", "start"]
