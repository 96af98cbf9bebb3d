"""How well a knowledge base finds and answers: questions, measures, a run, and the comparison of two runs."""
