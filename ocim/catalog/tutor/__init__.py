"""What Ocim knows of Tutor: its settings, and which of its tasks are whose."""
