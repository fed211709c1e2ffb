"""Many inputs: side by side, and picked up again where they were interrupted."""
