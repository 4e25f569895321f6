"""Kernels of a block-tridiagonal linear system: factors with pivots inside the blocks, and solutions."""

from __future__ import annotations

from simcell.numerics.jit import njit


@njit
def factorise(diagonal, before, after, pivots):
    """Block elimination with pivots inside the blocks; `diagonal` becomes LU, `after` its quotient. False: singular."""
    nodes, m, _ = diagonal.shape
    for i in range(nodes):
        a = diagonal[i]
        if i > 0:
            for r in range(m):
                for j in range(m):
                    s = before[i, r, j]
                    if s != 0.0:
                        for c in range(m):
                            a[r, c] -= s * after[i - 1, j, c]
        for c in range(m):
            p = c
            for r in range(c + 1, m):
                if abs(a[r, c]) > abs(a[p, c]):
                    p = r
            pivots[i, c] = p
            if not abs(a[p, c]) > 0.0:
                return False
            if p != c:
                for j in range(m):
                    a[c, j], a[p, j] = a[p, j], a[c, j]
            for r in range(c + 1, m):
                s = a[r, c] / a[c, c]
                a[r, c] = s
                if s != 0.0:
                    for j in range(c + 1, m):
                        a[r, j] -= s * a[c, j]
        if i < nodes - 1:
            for c in range(m):
                block(a, pivots[i], after[i, :, c])
    return True


@njit
def block(a, pivots, x):
    """Solve with one factored block in place."""
    m = x.size
    for c in range(m):  # all exchanges first: the factors were exchanged as whole rows
        p = pivots[c]
        if p != c:
            x[c], x[p] = x[p], x[c]
    for c in range(m):
        for r in range(c + 1, m):
            x[r] -= a[r, c] * x[c]
    for r in range(m - 1, -1, -1):
        for j in range(r + 1, m):
            x[r] -= a[r, j] * x[j]
        x[r] /= a[r, r]


@njit
def backward(diagonal, before, after, pivots, x):
    """Solve with the factors in place."""
    nodes, m = x.shape
    for i in range(nodes):
        if i > 0:
            for r in range(m):
                for j in range(m):
                    x[i, r] -= before[i, r, j] * x[i - 1, j]
        block(diagonal[i], pivots[i], x[i])
    for i in range(nodes - 2, -1, -1):
        for r in range(m):
            for j in range(m):
                x[i, r] -= after[i, r, j] * x[i + 1, j]
