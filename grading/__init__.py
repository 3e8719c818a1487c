"""Grading: from a folder of submissions to grades and feedback that names the mistake."""
