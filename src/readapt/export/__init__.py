"""Trained networks as ONNX files, with proof that they compute the same."""
