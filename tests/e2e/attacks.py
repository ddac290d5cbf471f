"""Attacks on the sandbox, each in a process of its own.

Each has little CPU time and memory (tests/support/attack.lua). It must end
within 1.5 times its limit, as its list says, without a fault or a report of a
sanitizer. CPU time is the process's, less what a harmless script takes.
"""

import json
import os
import subprocess
from pathlib import Path

import support

FAULTS = ("AddressSanitizer", "runtime error:", "LeakSanitizer", "PANIC",
          "Segmentation", "stack traceback", "Assertion")


def module_environment(folder, sanitized=False):
    """Variables under which lua5.4 loads the module of a build."""
    env = support.environment({
        "LUA_PATH": "./core/runtime/?.lua;./?.lua;;",
        "LUA_CPATH": f"{folder}/?.so;;",
    })
    if sanitized:
        library = subprocess.run(
            ["gcc", "-print-file-name=libasan.so"], check=True,
            capture_output=True, text=True).stdout.strip()
        env.update(LD_PRELOAD=library, ASAN_OPTIONS="detect_leaks=0",
                   UBSAN_OPTIONS="print_stacktrace=1")
    return env


def measure(arguments, env, timeout=120):
    """Runs lua5.4; returns (exit status, output, errors, CPU seconds)."""
    process = subprocess.Popen(
        ["lua5.4", *map(str, arguments)], cwd=support.ROOT, env=env,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    # What is said is less than a pipe holds.
    try:
        out, errors = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        process.stdout.close()
        process.stderr.close()
        support.kill(process)
    return (process.returncode, out.decode("utf-8", "replace"),
            errors.decode("utf-8", "replace"), usage.ru_utime + usage.ru_stime)


def counts(env):
    """The classes and how many attacks each has."""
    _, out, errors, _ = measure(["tests/support/attack.lua", "--count"], env)
    assert out, errors
    return {name: int(n) for name, n in
            (line.split("\t") for line in out.splitlines())}


def baseline(env):
    """CPU seconds of a process that makes no attack: the least of some."""
    return min(measure(["tests/support/attack.lua", "harmless", 1], env)[3]
               for _ in range(5))


def problem(class_, number, env, base, most=1.5):
    """Makes an attack; returns what is wrong with how it ended, or None.

    It may take `most` times its limit in CPU time.
    """
    code, out, errors, cpu = measure(
        ["tests/support/attack.lua", class_, number], env)
    where = f"{class_} {number}"
    for word in FAULTS:
        if word in errors:
            return f"{where}: {errors[-2000:]}"
    if code == 1 and "could be stopped" in errors:
        code, out, _, _ = measure(
            ["tests/support/attack.lua", class_, number, "hung"], env)
        if code != 0:
            return f"{where}: hung, and that could not be judged"
    elif code != 0 or errors:
        return f"{where}: exit {code}\n{out}\n{errors[-2000:]}"
    said = json.loads(out)
    if said.get("problem"):
        return f"{where}: {said['problem'][:500]}"
    if cpu - base > most * said["seconds"]:
        return f"{where}: {cpu - base:.3f} s of CPU time, {said}"
    return None
