"""Where a candidate is judged: sandbox, build, verification, timing, and the fleet that spreads them over Ray."""
