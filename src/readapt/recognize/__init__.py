"""From the image of a text line to its text: network, decoding, confidence."""
