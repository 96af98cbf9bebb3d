"""llama.cpp in child processes of ours: `child` is this side of the pipe, the others are the other.

A bad file or state makes llama.cpp end its process; then the child ends, not the program.
"""
