"""Other engines: asked, aligned, voted."""
