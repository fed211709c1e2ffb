"""Lines of text as images: cut out of a page, cut to length, and joined again."""
