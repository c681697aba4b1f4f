"""A balancer on another machine, reached over mutual TLS, and what answers on that machine."""
