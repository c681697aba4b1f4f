"""Settings → adapters: the only place where names meet classes."""
