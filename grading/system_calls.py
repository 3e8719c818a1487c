"""Takes from a process the calls of the Linux kernel that a function in NumPy never needs.

They are the ones that start processes or threads, that keep memory which the limits do not count,
that make namespaces, and that reach keys, other processes or parts of the kernel seldom used. It
stands alone, as runner.py does.
"""

import ctypes
import errno
import platform
import struct

OTHERS = 0x40000000  # from here on, the numbers are those of another kind of x86-64 programs
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1), "riscv64": (0xC00000F3, 1)}
STARTING = {  # and their numbers on x86-64 and on the others, -1 where there is none
    "clone": (56, 220),
    "clone3": (435, 435),
    "fork": (57, -1),
    "vfork": (58, -1),
}
REFUSED = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "mbind": (237, 235),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "shmat": (30, 196),
    "shmget": (29, 194),
    "socket": (41, 198),
    "swapon": (167, 224),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vmsplice": (278, 75),
}
JOIN_SESSION_KEYRING = 1
SET_NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2  # arguments of prctl
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # instructions of a filter
NUMBER, MACHINE = 0, 4  # what is loaded
ALLOW, FAIL, KILL = 0x7FFF0000, 0x00050000, 0x80000000  # what is returned


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def known() -> bool:
    """Say whether the calls of this machine are known."""
    return platform.machine() in MACHINES


def join_new_keyring() -> None:
    """Leave the session's keys behind.

    Where a container refuses it, it refuses the keys as well.
    """
    _, column = MACHINES[platform.machine()]
    ctypes.CDLL(None).syscall(REFUSED["keyctl"][column], JOIN_SESSION_KEYRING, None)


def refuse() -> None:
    """Let the calls fail from now on, in this process.

    Raises:
        OSError: the kernel takes no filter.
    """
    program = filter_of(platform.machine())
    libc = ctypes.CDLL(None, use_errno=True)
    given = _Program(len(program) // 8, program)
    libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(SET_SECCOMP, FILTER, ctypes.byref(given)):
        raise OSError(ctypes.get_errno(), "the kernel takes no filter of system calls")


def filter_of(machine: str) -> bytes:
    """Return the filter for a machine, as the kernel reads it."""
    architecture, column = MACHINES[machine]
    steps = [
        (LOAD, 0, 0, MACHINE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (AT_LEAST, 0, 1, OTHERS),
        (RETURN, 0, 0, FAIL | errno.ENOSYS),
    ]
    for calls, error in ((STARTING, errno.EAGAIN), (REFUSED, errno.EPERM)):
        for numbers in calls.values():
            if numbers[column] >= 0:
                steps += [(EQUAL, 0, 1, numbers[column]), (RETURN, 0, 0, FAIL | error)]
    steps.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("HBBI", *step) for step in steps)
