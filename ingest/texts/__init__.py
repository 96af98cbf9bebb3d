"""What the readers of text formats share: encodings, headings, dates, names of files inside files."""
