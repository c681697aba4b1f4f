"""Hosts of kind `nspawn`: containers on the manager's own Linux machine that behave like machines.

Each has systemd, sshd, an address of its own on a bridge, and an overlay over one common image. The
manager must be root. They are as trusted as the manager's machine: root in one is root on it.
"""
