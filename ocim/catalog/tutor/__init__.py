"""Knowledge of Tutor: its settings, and which of its tasks are whose."""
