"""The processes of an installation: start them, keep them running, replace them without a gap."""
