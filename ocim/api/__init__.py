"""REST interface; imports presentation and everything below it."""
