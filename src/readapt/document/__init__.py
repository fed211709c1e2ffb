"""What a page says and where: pages, lines, words, and the order to read them in."""
