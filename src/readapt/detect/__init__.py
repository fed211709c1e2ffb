"""Finding text lines on a page: score maps, boxes, suppression, tiles."""
