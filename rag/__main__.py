"""``python -m rag``: the same as the command ``rag``."""

from rag.start import main

main()
