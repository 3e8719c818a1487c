"""The 2-2-1 network of the worked example: its numbers in SymPy, exact to any digit."""

from functools import cache

import numpy as np

import bplib
from bplib import symbolic

X, Y, ETA = [0.5, 0.8], 1, 0.5
W1, B1 = [[0.1, 0.2], [0.3, 0.4]], [-0.11, -0.17]
W2, Z_OUT = [[0.4, 0.6]], 0.2


@cache
def known():
    """The symbols, and the exact value of each."""
    sym = symbolic.mlp([2, 2, 1])
    table = sym.values(X, Y, [W1, W2], [B1, 0])
    table[sym.b[1][0]] = symbolic.exact(Z_OUT) - sym.z[1][0].subs(table)
    return sym, table


@cache
def numbers():
    """Every number of one training step as a float rounded from 30 digits."""
    sym, table = known()
    exact = sym.numbers(table, ETA)
    return {key: float(value.evalf(30)) for key, value in exact.items()}


def network():
    """The same network in bplib, and its one example as columns."""
    sym, table = known()
    net = bplib.mlp([2, 2, 1], hidden="sigmoid", output="sigmoid")
    net.theta[:] = [float(table[p].evalf(30)) for p in sym.theta]
    return net, np.array([X]).T, np.array([[float(Y)]])
