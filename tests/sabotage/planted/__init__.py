"""All parts of bplib that bugs are planted in."""

from sabotage.planted import backward, optim, schedules

PARTS = [module.part for module in (backward, optim, schedules)]
