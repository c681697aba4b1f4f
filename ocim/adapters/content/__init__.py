"""Implementations of the port ContentServers: MongoDB and Meilisearch."""
