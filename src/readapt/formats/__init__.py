"""How a page that has been read is written down: one file for each format."""
