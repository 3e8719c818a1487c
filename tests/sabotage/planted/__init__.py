"""All parts of bplib that bugs are planted in."""

from sabotage.planted import (
    autodiff,
    backward,
    data,
    init,
    layers,
    optim,
    penalties,
    schedules,
    train,
)

PARTS = [
    module.part
    for module in (backward, layers, init, penalties, optim, schedules, train, data, autodiff)
]
