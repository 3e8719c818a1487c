"""`python -m benchmarks`: keep every library to one thread, then import and measure them."""

from importlib import import_module

from benchmarks.machine import one_thread

one_thread()
import_module("benchmarks.suite").main()
