"""Exercises: one source and one key each, and what makes pages and notebooks of them."""
