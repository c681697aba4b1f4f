"""Use cases: transactional functions on the store; reach external systems only through ports."""
