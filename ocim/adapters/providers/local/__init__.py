"""Hosts of kind `local`: directories on the manager's own machine, without root.

Each has a loopback address, a supervisord and a cron of its own, and an environment in which roles
and cron jobs that were written for a whole machine work unchanged.
"""
