"""What makes each page of the website: formulas, folds, pictures, buttons, files."""
