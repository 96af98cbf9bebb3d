"""From what stands on a page to blocks in reading order, for PDF and for images read by OCR."""
