"""A demo of what `make run` alone cannot show: `python -m demo` runs an instance by Tutor.

The engine and the shared servers are those of tests, too.
"""
