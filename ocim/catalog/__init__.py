"""Knowledge of Open edX (releases, variables, set-up steps), as pure data; imports core."""
