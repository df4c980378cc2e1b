"""What every measured program in Python does (worker.ts is the same in TypeScript): it says that it is ready, then waits for
`run N`, does N steps and answers with one line of JSON. So programs take turns and stay warm."""
import json
import sys
import time


def _status_bytes(field):
    """A field of /proc/self/status in bytes; 0 where there is none."""
    try:
        with open("/proc/self/status") as file:
            return next((1024 * int(line.split()[1]) for line in file if line.startswith(field + ":")), 0)
    except OSError:
        return 0


def rss():
    """Bytes resident now."""
    return _status_bytes("VmRSS")


def peak_rss():
    """Most bytes resident since the start of the process, or since `reset_peak`."""
    return _status_bytes("VmHWM")


def reset_peak():
    """Begins the peak anew at what is resident now."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def turn(step, count):
    """Does `count` steps and times each, in milliseconds."""
    times, losses = [], []
    for _ in range(count):
        began = time.perf_counter()
        losses.append(step())
        times.append(1000 * (time.perf_counter() - began))
    return {"times": times, "losses": losses, "peakRss": peak_rss()}


def _say(value):
    print(json.dumps(value), flush=True)


def serve(threads, about, rss_after_import, step):
    """Answers commands until `quit` or the end of the input."""
    _say({"ready": True, "threads": threads, "about": about, "rss": rss_after_import})
    # Not `for line in sys.stdin`, which reads ahead.
    for line in iter(sys.stdin.readline, ""):
        words = line.split()
        if words[:1] == ["quit"]:
            break
        if words[:1] == ["run"]:
            _say(turn(step, int(words[1])))
        else:
            _say({"error": f"unknown command {line.strip()!r}: expected 'run STEPS' or 'quit'"})
