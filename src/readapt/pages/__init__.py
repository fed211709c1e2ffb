"""Pages of pixels: from files of any kind to ``H W`` or ``H W 3`` arrays that stand upright."""
