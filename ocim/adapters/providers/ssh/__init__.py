"""Hosts of kind `ssh`: machines that the operator has, listed in a file, one app server each.

They are checked before they are used, and cleaned when they are given back.
"""
