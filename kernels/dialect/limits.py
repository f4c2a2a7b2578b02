"""How much text a kernel may be. Numba's compile time grows faster than the text: measured on Zen 4, straight-line code of
400 array statements took 5 s, of 800 39 s; 128 unrolled scalar accumulators 3 s, 256 11 s; a tuple of 1,000 numbers 5 s.
"""
MAX_CHARACTERS = 40_000
MAX_NODES = 12_000
MAX_DEPTH = 100
"""Of the syntax tree: a sum of 64 unrolled terms stays well below it."""
MAX_FUNCTIONS = 64
MAX_STATEMENTS = 600
"""Of one function."""
MAX_INLINED_STATEMENTS = 5_000
"""Of the entry, with each call of a helper counted as that helper's statements: LLVM inlines them."""
MAX_PARAMETERS = 64
MAX_LOOP_NEST = 15
MAX_BLOCK_NEST = 20
"""Loops and `if`s within one another."""
MAX_TUPLE = 64
MAX_ARRAY_LITERAL = 256
"""Numbers in one `np.array([...])`."""
MAX_CHOICES = 64
"""Of one tunable."""
MAX_ALLOCATION = 2**27
"""Elements of an array whose size is written in the text."""
MAX_REFUSALS = 20
"""Reported for one text."""
