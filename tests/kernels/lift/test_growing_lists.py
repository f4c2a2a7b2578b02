"""Lists that loops fill, empty and read while they do: frontiers, stacks, queues, trajectories, runs and pairs."""
import pytest
from lift_programs import INTS, V, X, assert_lifted, lifted

MORE = "(rng.standard_normal(n), m)"
PROGRAMS = {
    "nested": (X, """
    out = []
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out.append(a[i, j] * (i + 1))
    return np.array(out)
"""),
    "nested_under_conditions": (X, """
    i_found, j_found = [], []
    for i in range(a.shape[0]):
        if i % 2:
            continue
        for j in range(i % 3, a.shape[1]):
            if a[i, j] > -0.5:
                i_found.append(i)
                j_found.append(j)
    total = 0.0
    for i, j in zip(i_found, j_found):
        total += a[i, j] * (i - j)
    return total, len(i_found)
"""),
    "pairs": (X, """
    pairs = []
    for i in range(a.shape[0]):
        for j in range(i + 1, a.shape[0]):
            if a[i, 0] < a[j, 0] + 5.0:
                pairs.append((i, j))
    weights = np.zeros(a.shape[0])
    for i, j in pairs:
        weights[i] += a[j, 1]
        weights[j] -= a[i, 1]
    return weights, np.array(pairs)
"""),
    "under_one_condition": (MORE, """
    out = []
    if k > 3:
        for v in a:
            out.append(2 * v)
    if not out:
        return 0.0, len(out)
    return sum(out), len(out)
"""),
    "begins_with_one": (V, """
    history = [0.0]
    for v in a:
        history.append(0.5 * history[-1] + v)
    return np.array(history), history[0], max(history)
"""),
    "while_loop": (V, """
    out, i = [], 0
    while i < len(a):
        out.append(a[i] * i)
        i += 2
    return np.array(out)
"""),
    "trajectory": (MORE, """
    y, out = a.copy(), [a.copy()]
    for step in range(k):
        y = y + 0.1 * np.roll(y, 1)
        out.append(y)
        if len(out) > 4 and np.abs(out[-1] - out[-2]).max() < 1e-6:
            break
    return np.array(out)
"""),
    "trajectory_in_place": (MORE, """
    out = []
    for step in range(2 * k):
        a[1:] += 0.1 * a[:-1]
        if step % 3 == 0:
            out.append(a.copy())
            out.append(a[::-1] * 2.0)
    return np.stack(out)
"""),
    "runs": (V, """
    lengths, count = [], 1
    for i in range(1, len(a)):
        if (a[i] > 0) == (a[i - 1] > 0):
            count += 1
        else:
            lengths.append(count)
            count = 1
    lengths.append(count)
    return np.array(lengths), max(lengths)
"""),
    "stack": (X, """
    seen = np.zeros(a.shape, dtype=np.int64)
    label = 0
    for r in range(a.shape[0]):
        for c in range(a.shape[1]):
            if a[r, c] < 0 or seen[r, c]:
                continue
            label += 1
            stack = [(r, c)]
            seen[r, c] = label
            while stack:
                i, j = stack.pop()
                for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    y, x = i + di, j + dj
                    if 0 <= y < a.shape[0] and 0 <= x < a.shape[1] and a[y, x] >= 0 and not seen[y, x]:
                        seen[y, x] = label
                        stack.append((y, x))
    return seen, label
"""),
    "queue": (X, """
    n = a.shape[0]
    distance = np.full(n, -1)
    distance[0] = 0
    queue = [0]
    while queue:
        u = queue.pop(0)
        for v in range(n):
            if distance[v] < 0 and (u * 7 + v * 3) % 5 < 2:
                distance[v] = distance[u] + 1
                queue.append(v)
    return distance
"""),
    "frontier": (X, """
    n = a.shape[0]
    level = np.full(n, -1)
    level[0] = 0
    frontier, depth = [0], 0
    while frontier:
        reached = []
        for u in frontier:
            for v in range(n):
                if level[v] < 0 and (u * 5 + v) % 3 == 0:
                    level[v] = depth + 1
                    reached.append(v)
        frontier = reached
        depth += 1
    return level, depth
"""),
    "hull": (V, """
    order = np.argsort(a, kind="stable")
    hull = []
    for k in order:
        while len(hull) >= 2 and a[hull[-1]] * 2 - a[hull[-2]] > a[k] + 0.3:
            hull.pop()
        hull.append(k)
    return np.array(hull)
"""),
    "rows_compressed": (X, """
    pointer, columns, values = [0], [], []
    for row in a:
        for j, v in enumerate(row):
            if v > 0:
                columns.append(j)
                values.append(v)
        pointer.append(len(columns))
    return np.array(pointer), np.asarray(columns), np.array(values)
"""),
    "cleared": (V, """
    best, run = 0.0, [1.0]
    for v in a:
        if v < 0:
            best = max(best, sum(run))
            run.clear()
        run.append(v)
    return best, len(run)
"""),
    "extended": (V, """
    out = [a[0]]
    for i in range(1, len(a)):
        out.extend([a[i], -a[i]])
        out += [0.5]
        out.extend(a[:2])
        out.extend(v * 2 for v in a[:i] if v > 0)
    out += list(a[1:3])
    return np.array(out), out[2]
"""),
    "stored_into": (V, """
    best = [0.0]
    for v in a:
        if v > best[-1]:
            best.append(v)
        else:
            best[-1] = best[-1] + 0.125
    return np.array(best), best[len(best) // 2]
"""),
    "primes": (INTS, """
    primes = [2]
    candidate = 3
    while len(primes) < a.shape[0]:
        if all(candidate % p for p in primes):
            primes.append(candidate)
        candidate += 2
    return np.array(primes).sum() + a[0]
"""),
    "comprehension_over_two": (X, """
    picked = [v * i for i, row in enumerate(a) for v in row if v > 0.25]
    return np.array([a[i, j] - a[j, i] for i in range(2) for j in range(len(a)) if j < a.shape[1] and i < len(a)]), sum(picked) if picked else 0.0
"""),
    "truth_of_a_comprehension": (V, """
    found = [v for v in a if v > 0.5]
    if not found:
        return 0.0
    return sum(found) / len(found)
"""),
    "single": ("(rng.standard_normal(n).astype(np.float32),)", """
    out = []
    for i in range(3):
        for v in a:
            out.append(v * np.float32(i))
    return np.array(out)
"""),
    "of_complex_numbers": (V, """
    roots = [1j]
    for v in a:
        for s in (1.0, -1.0):
            roots.append(roots[-1] * complex(v, s))
    return np.array(roots)
"""),
}


def program(name):
    inputs, body = PROGRAMS[name]
    return f"def {name}({'a, k' if inputs == MORE else 'a'}):{body}", inputs


COMPILED = ("nested", "pairs", "trajectory", "stack", "queue", "frontier", "rows_compressed")


@pytest.mark.parametrize("name", PROGRAMS)
def test_lists_that_grow_become_arrays_with_room(name):
    kernel, inputs = program(name)
    spec, observation, found = lifted(kernel, inputs)
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles=name in COMPILED)


@pytest.mark.parametrize("body", [
    "    out = []\n    for i in range(3):\n        a[1:] += a[:-1]\n        for j in range(2):\n            out.append(a)\n    return np.array(out)",
    "    out, also = [], []\n    for v in a:\n        for w in a:\n            (out if v > w else also).append(v)\n    return np.array(out), len(also)",
    "    out = [0.0]\n    same = out\n    for v in a:\n        for w in a:\n            out.append(v)\n    return np.array(same)",
    "    out = [0.0]\n    for v in out:\n        for w in a:\n            if len(out) < 9:\n                out.append(v + w)\n    return np.array(out)",
], ids=["an array that changes", "one of two", "another name", "a loop over itself"])
def test_lists_that_something_else_sees_stay(body):
    _, _, found = lifted(f"def kernel_of(a):\n{body}\n", V)
    assert not found.candidates or found.kept


@pytest.mark.parametrize(("head", "deque"), [("from collections import deque", "deque"), ("import collections", "collections.deque")])
def test_a_deque_is_such_a_list(head, deque):
    spec, observation, found = lifted(f"""def visited(a):
    n = a.shape[0]
    distance = np.full(n, -1)
    distance[0] = 0
    queue = {deque}([0])
    while queue:
        u = queue.popleft()
        for v in range(n):
            if distance[v] < 0 and (u * 7 + v * 3) % 5 < 2:
                distance[v] = distance[u] + 1
                queue.append(v)
    return distance
""", X, head)
    assert found.kept == ()
    assert_lifted(spec, observation, found, compiles=False)
