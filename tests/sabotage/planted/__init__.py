"""All parts of bplib that bugs are planted in."""

from sabotage.planted import autodiff, backward, data, init, layers, optim, schedules

PARTS = [module.part for module in (backward, layers, init, optim, schedules, data, autodiff)]
