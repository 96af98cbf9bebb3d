"""Models run by PyTorch in child processes of ours: the main process never imports it, which would cost seconds."""
