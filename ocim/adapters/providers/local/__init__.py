"""Hosts of kind `local`: directories on the manager's own machine, without root.

Each has a loopback address of its own, its own supervisord and cron, and an environment in which
roles and cron lines written for a whole machine work unchanged.
"""
