"""Management commands; imports presentation and everything below it."""
