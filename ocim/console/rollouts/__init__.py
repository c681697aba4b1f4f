"""Parts of the commands for rollouts: arguments, confirmation, progress."""
