"""`rag setup`: look at the machine, choose models for it, fetch them once, verify them, and make them fast here."""
