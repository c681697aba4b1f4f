"""The implementation of the port IdentityProvider."""
