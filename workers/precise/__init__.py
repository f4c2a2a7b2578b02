"""Precise: the reference run once more over wider numbers, or with its sums in another order, to know its own error."""
