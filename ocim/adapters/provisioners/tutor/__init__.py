"""Provisioner that lets Tutor configure app servers in containers."""
