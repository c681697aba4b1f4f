"""The only module that knows Huey: turns actions into jobs."""
