"""Hosts that are compose projects of a Docker engine on this machine: `DockerProvider`.

A host is a directory, a network, an address, and a small container that stands for it until its
services are made. Whatever is made for it bears its labels.
"""
