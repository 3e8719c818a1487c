"""What makes each page a notebook, with all it needs to run."""
