"""Checks and data of shops: currencies, payment processors; imports core and releases."""
