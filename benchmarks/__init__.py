"""How long training takes, by bplib and by others, measured side by side in one run."""
