"""Hosts of kind `nspawn`: containers on the manager's Linux machine that behave like machines.

Each has systemd, sshd, an address of its own on a bridge, and an overlay over one common base. The
manager must be root. Root in a container is root on the machine, so containers are trusted as much
as the machine.
"""
