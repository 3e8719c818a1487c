"""What `bplib` is inside the sandbox: a check that says nothing, and nothing else.

Much of the library solves an exercise by itself. Who grades has no use for its checks, but
notebooks call them.
"""


def check(*given, **options):
    """Be true, whatever is checked: it is judged elsewhere."""
    return True


def __getattr__(name):
    """Refuse all else."""
    if name.startswith("__"):
        raise AttributeError(name)
    told = "is not there when an exercise is graded; what it does has to be written in the notebook"
    raise AttributeError(f"bplib.{name} {told}")
