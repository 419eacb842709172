import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from runner.signals import Stopped, stop_on_signals

POLITE = [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1]


@pytest.mark.parametrize("number", POLITE)
def test_the_first_signal_asks(number: signal.Signals) -> None:
    with stop_on_signals() as stop:
        assert not stop.asked()
        os.kill(os.getpid(), number)
        assert stop.asked()


def test_a_second_interrupt_does_not_wait() -> None:
    with stop_on_signals() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stop.asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", POLITE)
def test_what_need_not_wait_is_interrupted(number: signal.Signals) -> None:
    with stop_on_signals() as stop:
        stop.at_once()
        with pytest.raises(Stopped):
            signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_who_has_asked_before_is_not_forgotten() -> None:
    with stop_on_signals() as stop:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Stopped):
            stop.at_once()


def test_no_handler_for_failures_takes_it() -> None:
    assert not issubclass(Stopped, Exception)


def test_what_was_there_before_comes_back() -> None:
    before, threads, files = signal.getsignal(signal.SIGINT), threading.active_count(), os.listdir("/proc/self/fd")
    with stop_on_signals():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    assert threading.active_count() == threads
    assert os.listdir("/proc/self/fd") == files
    assert signal.set_wakeup_fd(-1) == -1


def test_a_second_interrupt_ends_code_in_which_python_gets_no_turn() -> None:
    """One call of C that goes on after signals, as a compiled block of steps does."""
    code = (
        "import ctypes\n"
        "from runner.signals import stop_on_signals\n"
        "libc = ctypes.CDLL(None)\n"
        "forever = (ctypes.c_int * 2)()\n"
        "libc.pipe(forever)\n"
        "with stop_on_signals():\n"
        "    print('ready', flush=True)\n"
        "    libc.siginterrupt(2, 0)\n"
        "    libc.read(forever[0], ctypes.create_string_buffer(1), 1)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            time.sleep(0.2)
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
            assert process.stderr.read() == "stopped\n"
        finally:
            process.kill()
