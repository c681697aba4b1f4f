"""Ecommerce and Course Discovery: switched on, set up, watched, and proven."""
