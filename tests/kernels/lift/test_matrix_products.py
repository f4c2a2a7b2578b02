"""Products of arrays in the lift: matmul and its kin, einsum."""
import pytest
from lift_expressions import differences

EXPRESSIONS = {
    # group: one expression a line, of the inputs that lift_expressions makes
    "matmul": """
        x @ q
        q.T @ x.T
        x @ y.T
        x.T @ v
        v @ x
        v @ p
        x @ w
        t @ u
        t @ q
        x @ u
        t @ w
        v @ t
        f @ q
        k @ k.T
        b @ b.T
        j @ j
        l @ l.T
        np.matmul(h[..., 0], u)""",
    "dot, inner, outer, tensordot": """
        np.dot(a, x)
        np.dot(t, q)
        np.dot(t, u)
        np.dot(x, q)
        np.dot(v, t)
        x.dot(w)
        np.dot(j, k)
        np.vdot(z, z)
        np.vdot(v, p)
        np.vdot(o, v)
        np.inner(x, y)
        np.inner(t, w)
        np.inner(v, p)
        np.inner(w, t)
        np.inner(a, x)
        np.outer(v, w)
        np.tensordot(x, q, 1)
        np.tensordot(x, y)
        np.tensordot(t, u, axes=([1, 2], [2, 1]))
        np.tensordot(t, x, axes=(1, 0))
        np.tensordot(x, q, axes=0)
        np.tensordot(t, v, axes=([1], [0]))""",
    "kron, cross, powers, traces": """
        np.kron(x, q)
        np.kron(v, w)
        np.kron(x, np.eye(2))
        np.cross(c3, c3[::-1])
        np.cross(c3, np.array([1.0, 2.0, 3.0]))
        np.cross(c3[0], c3[0] + 1)
        np.linalg.multi_dot([x, q, x])
        np.linalg.multi_dot([x, q, v])
        np.linalg.multi_dot([v, x, q])
        np.linalg.matrix_power(s, 3)
        np.linalg.matrix_power(s, 5)
        np.linalg.matrix_power(s, 1) + 1
        np.trace(s)
        np.trace(x)
        np.trace(x, 1)
        x.trace(offset=-2)
        np.trace(k)
        np.trace(x @ q)
        np.trace(t, axis1=1, axis2=2)
        np.trace(t, 1, 0, 2)
        t.trace(axis1=1, axis2=0)
        np.trace(t)
        np.linalg.trace(t)
        np.diagonal(t, axis1=1, axis2=2).sum(axis=1)
        np.diagonal(t, -1, 0, 2) * 2
        t.diagonal() + 1""",
    "einsum": """
        np.einsum('ij,jk->ik', x, q)
        np.einsum('ij,jk', x, q)
        np.einsum('ij->ji', x) * 1
        np.einsum('ji', x) * 1
        np.einsum('ii', s)
        np.einsum('ii->i', s) * 1
        np.einsum('ij->', x)
        np.einsum('ij->j', x)
        np.einsum('ij,ij->i', x, y)
        np.einsum('i,ij,j->', v, x, w)
        np.einsum('i,ij,j', v, x, w)
        np.einsum('ij,jk,kl->il', x, q, x)
        np.einsum('ij,jk,kl,lm->im', x, q, x, q, optimize=True)""",
    "einsum with an ellipsis, of narrow numbers, of expressions": """
        np.einsum('...ij,...jk->...ik', t, u)
        np.einsum('...ij,...jk', t, q)
        np.einsum('bij,bkj->bik', t, t)
        np.einsum('bij,j->bi', t, w, optimize='optimal')
        np.einsum('i,j->ij', v, w)
        np.einsum('i,j,k->ijk', v, w, v)
        np.einsum('ij,kl->k', x, q)
        np.einsum('nij,nij->', t, t)
        np.einsum('ij,ji->', x, q)
        np.einsum('i...->...', t)
        np.einsum('...i->...', t)
        np.einsum('ij,jk->ik', k, k.T)
        np.einsum('i,i->', j, j)
        np.einsum('ij,ij,ij->ij', x, y, x)
        np.einsum('ij,jk->ki', f, f.T)
        np.einsum('i,', v, a)
        np.einsum('ij,ij->j', z, x)
        np.einsum('nijc,nij->nc', h, t)
        np.einsum('ij,jk->ik', np.exp(x), np.sin(q))
        np.einsum('ij , jk -> ik', f, q)
        np.vecdot(x, y)
        np.matvec(t, w)
        np.einsum('ij,ij->i', b, b)
        (x @ q)[1:, 0] * 2
        np.einsum('ij,kj->ik', x[:, ::-1], y)""",
}
QUICK = ("kron, cross, powers, traces",)


def lines(group):
    return tuple(line.strip() for line in EXPRESSIONS[group].strip().splitlines())


@pytest.mark.parametrize("group", EXPRESSIONS)
def test_products_become_loops_that_give_what_numpy_gives(group):
    assert differences(lines(group)) == []


@pytest.mark.parametrize("group", [pytest.param(g, marks=() if g in QUICK else pytest.mark.slow) for g in EXPRESSIONS])
def test_the_loops_of_products_compile(group):
    assert differences(lines(group), jit=True, sizes=("tiny",)) == []
