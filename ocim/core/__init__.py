"""Values and decisions, as pure functions; imports only the standard library."""
