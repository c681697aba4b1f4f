"""The protocols that adapters implement: everything that Ocim needs of external systems.

Every method may raise `TransientError` (trying again may help) or `PermanentError` (somebody has to
change something first).
"""
