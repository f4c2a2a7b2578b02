"""Language models: profiles, budgets, the client, prompts and the reading of answers."""
