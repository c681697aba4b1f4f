"""A small Open edX to rehearse with: see README.md for what it is and is not."""
