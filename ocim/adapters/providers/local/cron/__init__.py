"""Cron for one local host: its crontab, the daemon that runs it, and the `crontab` command."""

CRONTAB = "var/spool/cron/crontab"
"""Path below the host's root of the only crontab: all users of a host are the same one."""
