"""BERT and nomic-bert in MLX, Apple's array library, which also runs on the processors of Linux."""
