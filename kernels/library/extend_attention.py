"""Attention of newly added tokens over a paged key/value cache plus themselves; cap and window are off where 0."""
import numpy as np

import kernwright


def make_inputs(size, rng):
    sequences, kv_heads, dim = size["sequences"], size["kv_heads"], size["dim"]
    new, cached = np.full(sequences, size["new"]), np.full(sequences, size["prefix"])
    if size["ragged"]:
        new, cached = rng.integers(1, new + 1), rng.integers(0, cached + 1)
    qo_indptr = np.concatenate(([0], np.cumsum(new)))
    kv_indptr = np.concatenate(([0], np.cumsum(cached)))
    tokens, used = int(qo_indptr[-1]), int(kv_indptr[-1])
    pool = used + used // 8 + 1
    kv_indices = rng.permutation(pool)[:used]
    q_extend = rng.standard_normal((tokens, kv_heads * size["group"], dim), dtype=np.float32)
    k_extend, v_extend = rng.standard_normal((2, tokens, kv_heads, dim), dtype=np.float32)
    k_buffer, v_buffer = rng.standard_normal((2, pool, kv_heads, dim), dtype=np.float32)
    arrays = q_extend, k_extend, v_extend, k_buffer, v_buffer, qo_indptr, kv_indptr, kv_indices
    return *arrays, dim**-0.5, float(size["logit_cap"]), size["window"]


@kernwright.kernel(
    inputs=make_inputs,
    sizes={
        "tiny": {
            "sequences": 2, "kv_heads": 2, "group": 2, "dim": 4, "prefix": 5, "new": 3,
            "ragged": 1, "logit_cap": 2, "window": 4,
        },
        "verify": {
            "sequences": 3, "kv_heads": 2, "group": 3, "dim": 17, "prefix": 61, "new": 7,
            "ragged": 1, "logit_cap": 3, "window": 29,
        },
        "benchmark": {
            "sequences": 4, "kv_heads": 4, "group": 4, "dim": 64, "prefix": 1024, "new": 16,
            "ragged": 0, "logit_cap": 0, "window": 0,
        },
        "large": {
            "sequences": 8, "kv_heads": 4, "group": 4, "dim": 64, "prefix": 2048, "new": 16,
            "ragged": 0, "logit_cap": 0, "window": 0,
        },
    },
    finite=False,
    source="the extend_attention operation of SGLang (argument names are its own), written as NumPy",
)
def extend_attention(
    q_extend, k_extend, v_extend, k_buffer, v_buffer, qo_indptr, kv_indptr, kv_indices, sm_scale, logit_cap, sliding_window_size
):
    o_extend = np.empty_like(q_extend)
    group = q_extend.shape[1] // k_extend.shape[1]
    for s in range(len(qo_indptr) - 1):
        start, end = qo_indptr[s], qo_indptr[s + 1]
        pages = kv_indices[kv_indptr[s] : kv_indptr[s + 1]]
        prefix = len(pages)

        q = q_extend[start:end]
        k = np.concatenate((k_buffer[pages], k_extend[start:end]))
        v = np.concatenate((v_buffer[pages], v_extend[start:end]))
        k = np.repeat(k, group, axis=1)
        v = np.repeat(v, group, axis=1)

        scores = np.einsum("qhd,khd->hqk", q, k) * sm_scale
        if logit_cap > 0:
            scores = logit_cap * np.tanh(scores / logit_cap)
        query = prefix + np.arange(end - start)[:, None]
        key = np.arange(prefix + end - start)[None, :]
        visible = key <= query
        if sliding_window_size > 0:
            visible = visible & (key >= query - sliding_window_size)
        scores = np.where(visible, scores, -np.inf)

        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights = weights / weights.sum(axis=-1, keepdims=True)
        o_extend[start:end] = np.einsum("hqk,khd->qhd", weights, v)
    return o_extend
