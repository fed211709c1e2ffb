"""After the stages: the model on disk, estimates, what reads differently, the report."""
