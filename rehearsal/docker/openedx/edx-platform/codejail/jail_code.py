def configure(command: str, bin_path: str, *, user: str | None = None) -> None:
    """Ignore how learners' programs would be run: the rehearsal runs none."""
