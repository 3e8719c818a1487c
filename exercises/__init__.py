"""Exercises: from one source each to pages, notebooks and grades."""
