"""Cron for one local host: its crontab, the daemon that runs it, the `crontab` command."""

CRONTAB = "var/spool/cron/crontab"
"""Below the host's root: the one table of all its users, who are one."""
