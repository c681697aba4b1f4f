"""Provisioner that runs Ansible's playbooks from a configuration repository."""
