"""The unlabelled scans: their lines and pages, what they look like, in which languages."""
