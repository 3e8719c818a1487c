"""What grades reverse-sweep: shuffled graphs with numbers used twice, at unequal depths."""

import numpy as np

from exercises.exercise import Key

key = Key(returns=["adjoints"])

RULE = "chapter 2, “Every number once”"
TURN = "chapter 2, “Whose turn is it?”"
PATHS = "chapter 2, “A number that remembers”"
FORWARD = "chapter 2, “Forward instead”"
TEST = "chapter 2, “My test has passed”"

# Parents in the order of a tape; the second entry is the place of the output.
SHAPES = (
    ([[], [0, 0], [1, 1], [1, 2], [3], [2, 4]], 5),
    ([[], [], [0, 1], [2, 2], [2, 3], [4], [3, 5, 2], [4, 6], [7, 2], [0, 8]], 7),
    ([[], [], [], [0, 1, 0], [3, 2], [3, 4], [5, 5], [3, 6], [4, 7, 1], [8, 6]], 8),
)


@key.cases
def cases(rng):
    inputs = []
    for parents, output in SHAPES:
        place = shuffled(rng, parents)
        named, slopes = [None] * len(parents), [None] * len(parents)
        for i, above in enumerate(parents):
            named[place[i]] = [place[parent] for parent in above]
            size = rng.uniform(0.5, 2, size=len(above)) * rng.choice([-1, 1], size=len(above))
            slopes[place[i]] = size
        inputs.append({"parents": named, "slopes": slopes, "output": place[output]})
    return inputs


def shuffled(rng, parents):
    """New places for all numbers, with which neither end of the list is a tape's."""
    while True:
        place = [int(i) for i in rng.permutation(len(parents))]
        pairs = [(place[p], place[i]) for i, above in enumerate(parents) for p in above]
        down = sum(parent > child for parent, child in pairs)
        if 0.3 * len(pairs) < down < 0.7 * len(pairs) and place[-1] != len(parents) - 1:
            return place


def in_order(parents, output):
    """Numbers behind the output, parents before children."""
    order, seen = [], set()

    def visit(i):
        if i not in seen:
            seen.add(i)
            for parent in parents[i]:
                visit(parent)
            order.append(i)

    visit(output)
    return order


def sweep(parents, slopes, output, *, order=None, share=lambda bar, slope: bar * slope,
          start=1.0, arrows=zip, collect=lambda so_far, share: so_far + share):  # fmt: skip
    """The sweep, each line of which can be replaced by a wrong one."""
    bar = np.zeros(len(parents))
    bar[output] = start
    for i in order(parents, output) if order else in_order(parents, output)[::-1]:
        for parent, slope in arrows(parents[i], slopes[i]):
            bar[parent] = collect(bar[parent], share(bar[i], slope))
    return bar


mistake = key.built_of_lines(sweep, RULE, 0.25)


def depth_first(parents, output):
    order, seen = [], {output}

    def go(i):
        order.append(i)
        for parent in parents[i]:
            if parent not in seen:
                seen.add(parent)
                go(parent)

    go(output)
    return order


def queue(parents, output):
    order = [output]
    for i in order:
        order += [p for p in dict.fromkeys(parents[i]) if p not in order]
    return order


mistake(
    "every number passed on as soon as it was reached",
    "Its adjoint is complete only when all its children have passed on theirs.",
    TURN,
    0.5,
    order=depth_first,
)
mistake(
    "a queue in place of an order",
    "Nearer to the output is not enough: a number that is near may also have a child that is far.",
    TURN,
    0.5,
    order=queue,
)
mistake(
    "the numbering taken for a tape",
    "The numbers are shuffled: a child may stand before its parent. Find an order first.",
    RULE,
    0.5,
    order=lambda parents, output: range(len(parents))[::-1],
)
mistake(
    "the order walked from its beginning",
    "The output passes on first, the inputs last.",
    RULE,
    order=in_order,
)
mistake(
    "the slopes left out",
    "That counts paths. What goes along an arrow is multiplied by its slope.",
    share=lambda bar, slope: bar,
)
mistake(
    "the slopes added along a path",
    "Along a path slopes multiply; only what comes by different arrows is added.",
    share=lambda bar, slope: bar + slope,
)
mistake(
    "divided by the slopes",
    "A nudge of the parent is multiplied by the slope on its way to the child.",
    share=lambda bar, slope: bar / slope,
)
mistake(
    "the adjoint of the output left at zero",
    "A nudge of the output moves the output by itself: its adjoint is 1.",
    RULE,
    0.5,
    start=0.0,
)
mistake(
    "a parent that is named twice counted once",
    "Number and itself are two arrows, and each brings a share.",
    TURN,
    0.5,
    arrows=lambda above, slopes: dict(zip(above, slopes, strict=True)).items(),
)


mistake(
    "= in place of +=",
    "A number that is used more than once has several shares, and they add.",
    TURN,
    0.5,
    collect=lambda so_far, share: share,
)


@key.mistake(
    "the last number taken for the output",
    "The result is the number with the index output, wherever that stands.",
    RULE,
    0.5,
)
def _(parents, slopes, output):
    return sweep(parents, slopes, len(parents) - 1)


@key.mistake(
    "a sweep forwards",
    "That moves all inputs at once and adds up what arrives at each number. Wanted is how far the "
    "output moves for each number alone.",
    FORWARD,
)
def _(parents, slopes, output):
    dot = np.zeros(len(parents))
    for i in in_order(parents, output):
        pairs = zip(parents[i], slopes[i], strict=True)
        dot[i] = sum(slope * dot[p] for p, slope in pairs) if parents[i] else 1
    return dot


@key.alternative("all paths, one by one")
def _(parents, slopes, output):
    bar = np.zeros(len(parents))

    def follow(i, so_far):
        bar[i] += so_far
        for parent, slope in zip(parents[i], slopes[i], strict=True):
            follow(parent, so_far * slope)

    follow(output, 1.0)
    return bar


@key.alternative("a number waits until all its children are done")
def _(parents, slopes, output):
    behind = in_order(parents, output)
    waits = dict.fromkeys(behind, 0)
    for i in behind:
        for parent in parents[i]:
            waits[parent] += 1
    bar, ready = {i: 0.0 for i in range(len(parents))}, [output]
    bar[output] = 1.0
    while ready:
        i = ready.pop()
        for parent, slope in zip(parents[i], slopes[i], strict=True):
            bar[parent] += bar[i] * slope
            waits[parent] -= 1
            if not waits[parent]:
                ready.append(parent)
    return list(bar.values())


@key.alternative("a linear system")
def _(parents, slopes, output):
    N = len(parents)
    J = np.zeros((N, N))
    for i in range(N):
        for parent, slope in zip(parents[i], slopes[i], strict=True):
            J[i, parent] += slope
    return np.linalg.solve(np.eye(N) - J.T, np.eye(N)[output])


@key.alternative("a function of a number, remembered")
def _(parents, slopes, output):
    known = {}

    def bar(v):
        if v not in known:
            known[v] = float(v == output) + sum(
                bar(c) * slope
                for c in range(len(parents))
                for parent, slope in zip(parents[c], slopes[c], strict=True)
                if parent == v
            )
        return known[v]

    return [bar(v) for v in range(len(parents))]


@key.alternative("float32")
def _(parents, slopes, output):
    return sweep(parents, slopes, output).astype(np.float32)


@key.alternative("a column of sweeps, as often as there are numbers")
def _(parents, slopes, output):
    bar = np.zeros(len(parents))
    for _ in parents:
        new = np.zeros(len(parents))
        new[output] = 1
        for i in range(len(parents)):
            for parent, slope in zip(parents[i], slopes[i], strict=True):
                new[parent] += bar[i] * slope
        bar = new
    return bar
