"""Hosts of kind `ssh`: the operator's machines, listed in a file, for one app server each.

They are checked before they are used, and cleaned when they are released.
"""
