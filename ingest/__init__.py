"""Documents in: scan, parse, chunk, embed."""
