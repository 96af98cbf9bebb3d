"""Fitting by gradient descent: the little of it that tests/bench/fit_evidence.py needs, without a library for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def descend(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], size: int, rounds: int = 200) -> np.ndarray:
    """The minimum of a smooth convex function: accelerated gradient with restarts (O'Donoghue and Candès, 2015)."""
    x = y = np.zeros(size)
    step, momentum = 1.0, 1.0
    value, slope = loss(y)
    for _ in range(rounds):
        while True:
            new = y - step * slope
            reached, _ = loss(new)
            if reached <= value - step / 2 * float(slope @ slope) + 1e-12 or step < 1e-8:
                break
            step /= 2
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        if float(slope @ (new - x)) > 0:
            following, momentum = 1.0, 1.0
        y, x, momentum = new + (momentum - 1) / following * (new - x), new, following
        step *= 1.3
        value, slope = loss(y)
    return x


def fit_decision(signs: np.ndarray, own: np.ndarray, share: np.ndarray, sets: np.ndarray, ridge: float) -> np.ndarray:
    """Weights of the columns of `signs`; each number in `sets` has an intercept of its own, which is not kept."""
    scale = signs.std(axis=0) + 1e-6
    rows = np.hstack([signs / scale, np.eye(sets.max() + 1)[sets]])
    bends = np.r_[np.full(signs.shape[1], ridge), np.full(sets.max() + 1, 1e-6)]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margin = np.where(own, 1, -1) * (rows @ weights)
        slope = rows.T @ (-share * np.where(own, 1, -1) / (1 + np.exp(np.clip(margin, -30, 30))))
        return float(share @ np.logaddexp(0, -margin) + bends @ weights**2 / 2), slope + bends * weights

    # The columns are far from centred: take their means out, which only moves the intercepts.
    rows[:, : signs.shape[1]] -= rows[:, : signs.shape[1]].mean(axis=0)
    return descend(loss, rows.shape[1])[: signs.shape[1]] / scale
