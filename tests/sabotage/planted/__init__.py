"""All parts of bplib that bugs are planted in."""

from sabotage.planted import (
    autodiff,
    backward,
    data,
    initializers,
    layers,
    optim,
    penalties,
    schedules,
    train,
)

PARTS = [
    module.part
    for module in (
        backward,
        layers,
        initializers,
        penalties,
        optim,
        schedules,
        train,
        data,
        autodiff,
    )
]
