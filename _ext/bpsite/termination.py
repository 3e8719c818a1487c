"""Has a build that is terminated clean up, as one does that is interrupted by Ctrl-C."""

import signal
import sys
import threading


def leave(number, frame):
    """End this process by an exception, which ends the processes it waits for."""
    sys.exit(128 + number)


def setup(app):
    """Listen to SIGTERM."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, leave)
