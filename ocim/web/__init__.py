"""Pages, rendered by the server; imports presentation and everything below it."""
