"""Labelled training data from fonts and texts: lines, pages, degradations. No torch here."""
