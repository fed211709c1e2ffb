"""Model bundles: a folder that says what it is, is verified, and cannot run code."""
