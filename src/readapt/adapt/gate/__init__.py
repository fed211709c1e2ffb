"""What is kept: judges without a label, of lines and of pages."""
