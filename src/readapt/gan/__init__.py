"""Adversarial training: objectives, paper, the gap meter, and lines in the look of real scans."""
