"""What students learn from, and how: labelled lines and pages, trainings, weights."""
