"""What the runtimes of models share: files and their headers, families, child processes."""
