"""Training: one loop, and what each network adds to it."""
