"""Self-test: attacks on the judge and on the sandbox, run on the user's own machine; none of them may win."""
