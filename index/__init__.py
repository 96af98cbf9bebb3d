"""What is kept and how it is found: the truth in SQLite, the parts derived from it, and their fusion."""
