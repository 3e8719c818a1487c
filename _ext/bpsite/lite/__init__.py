"""JupyterLite, where the notebooks run in the reader's browser."""
