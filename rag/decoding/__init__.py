"""How an instruct model writes: the prompt, its kept prefix, the constraint, and the loop in the child process."""
