"""The REST API; imports presentation and everything below it."""
