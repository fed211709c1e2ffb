"""Kinds of documents: each module composes one kind on a sheet."""
