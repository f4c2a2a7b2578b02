"""Lists of tuples: where they are only taken apart, one list for each place."""
import pytest
from lift_programs import V, X, assert_lifted, lifted

PAIRS = {
    "pairs that a loop goes through": (f"{X}, {V}", """
        def program(x, v):
            pairs = []
            for i in range(x.shape[0]):
                if v[i] > 0:
                    pairs.append((i, v[i] * 2))
            total = 0.0
            for i, weight in pairs:
                total += x[i, 0] * weight
            return total, len(pairs)
        """),
    "a stack of intervals with weights": (V, """
        def program(v):
            stack = [(0, len(v) - 1, 1.0)]
            out = np.zeros(len(v))
            while stack:
                low, high, weight = stack.pop()
                if low >= high:
                    out[low] += weight
                    continue
                middle = (low + high) // 2
                out[middle] += v[middle] * weight
                stack.append((low, middle, weight * 0.5))
                stack.append((middle + 1, high, weight * 0.25))
            return out
        """),
    "a comprehension of pairs": (V, """
        def program(v):
            hits = [(i, x) for i, x in enumerate(v) if x > 0]
            total = 0.0
            for k, (i, x) in enumerate(hits):
                total += k * i * x
            return total, sum(x for _, x in hits)
        """),
    "parts by their place, and a pair put in the place of another": (V, """
        def program(v):
            best = [(0, 0.5)]
            for i in range(1, len(v)):
                if v[i] > best[-1][1]:
                    best.append((i, v[i]))
                else:
                    best[-1] = (i, 0.25)
            first, level = best[0]
            return first + level, best[-1][0]
        """),
    "a list that several pairs extend": (V, """
        def program(v):
            out = [(0, 1.0)]
            for i in range(len(v)):
                out += [(i, v[i]), (i + 1, v[i] * 2)]
                out.extend([(i, 0.5)])
            total = 0.0
            for a, b in out:
                total += a * b
            return total
        """),
    "a queue whose import stands in the function": (V, """
        def program(v):
            from collections import deque
            queue = deque([(0, 0.0)])
            seen = np.zeros(len(v), dtype=np.bool_)
            best = 0.0
            while queue:
                i, distance = queue.popleft()
                if seen[i]:
                    continue
                seen[i] = True
                best = max(best, distance)
                for j in (2 * i + 1, 2 * i + 2):
                    if j < len(v) and not seen[j]:
                        queue.append((j, distance + abs(v[j])))
            return best
        """),
    "pairs of several types that become an array of the same name": (V, """
        def program(v):
            out = []
            for i in range(len(v)):
                if v[i] > 0.2:
                    out.append((i, v[i]))
            out = np.array(out)
            return out.sum(axis=0)
        """),
    "means of pairs, in a loop": (X, """
        def program(x):
            means = np.zeros((x.shape[0], 2))
            for i in range(x.shape[0]):
                found = [(0.0, 1)]
                for j in range(x.shape[1]):
                    for k in range(2):
                        if x[i, j] > k:
                            found.append((x[i, j], k))
                found = np.mean(found, axis=0)
                means[i] = found
            return means
        """),
}


@pytest.mark.parametrize("name", PAIRS)
def test_lists_of_tuples_become_loops(name):
    inputs, text = PAIRS[name]
    spec, observation, found = lifted(text, inputs)
    assert not found.kept
    assert_lifted(spec, observation, found)
