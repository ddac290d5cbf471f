"""A real Slurm of one node on loopback for tests: munged, slurmctld, slurmd.

    with cluster.Cluster() as slurm:
        slurm.run("sbatch", "--wrap", "true")
        support.run_advisor(..., env=slurm.env())

Needs the packages slurm-wlm and munge; MISSING says so where they are not there.
All state is in a folder of its own, and what was started ends with it.
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import support

# The daemons lie where only root's PATH leads.
PATH = os.environ["PATH"] + ":/usr/sbin"
DAEMONS = ("munged", "slurmctld", "slurmd")
MISSING = None if all(shutil.which(x, path=PATH) for x in DAEMONS) else \
    "slurm-wlm or munge is not installed"

CONFIG = """ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
KillWait=2
ReturnToService=2
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000
PartitionName=main Nodes=ALL Default=YES State=UP
PartitionName=closed Nodes=ALL State=UP MaxTime=1
"""


def _end_with_this_process():
    """Has the kernel end a daemon where the test itself is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [x.getsockname()[1] for x in sockets]
    for x in sockets:
        x.close()
    return ports


class Cluster:
    """One node with as many processors as this machine; partition main."""

    def __init__(self):
        # A socket's path has a limit of about 100 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
        self._config = self.folder / "slurm.conf"
        self._daemons = []
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def env(self):
        """The variables that point the program at this Slurm."""
        return {"SLURM_CONF": self._config, "PATH": PATH}

    def run(self, *args, expect=0):
        """Runs a command of Slurm's; returns what it printed."""
        done = subprocess.run(
            [str(x) for x in args], env=support.environment(self.env()),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=60)
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"{args}: exit {done.returncode}\n"
                                 f"{done.stdout}")
        return done.stdout

    def stop(self):
        """Ends all jobs and daemons, and removes the folder."""
        for daemon in reversed(self._daemons):
            if daemon.poll() is None:
                daemon.terminate()
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        # What jobs run has left its parents, but not its environment.
        for pid in self.left():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def left(self):
        """The processes that belong to this Slurm."""
        mark = f"SLURM_CONF={self._config}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return [x for x in found if x != os.getpid()]

    def _start(self):
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self._config.write_text(CONFIG.format(
            folder=self.folder, ports=_free_ports(2), cpus=os.cpu_count(),
            host=socket.gethostname().split(".")[0],
            user=pwd.getpwuid(os.geteuid()).pw_name))
        self._daemon("munged", "--foreground", "--force",
                     f"--key-file={key}",
                     f"--socket={self.folder}/munge.socket",
                     f"--pid-file={self.folder}/munged.pid",
                     f"--seed-file={self.folder}/munged.seed",
                     f"--log-file={self.folder}/munged.log")
        self._wait(lambda: (self.folder / "munge.socket").exists())
        self._daemon("slurmctld", "-D", "-f", self._config)
        self._daemon("slurmd", "-D", "-f", self._config)
        self._wait(lambda: "idle" in self.run("sinfo", "--noheader", "-o",
                                              "%T", expect=None))

    def _daemon(self, *args):
        with open(self.folder / f"{args[0]}.out", "wb") as out:
            self._daemons.append(subprocess.Popen(
                [str(x) for x in args], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, start_new_session=True,
                env=support.environment(self.env()),
                preexec_fn=_end_with_this_process))

    def _wait(self, ready, timeout=60):
        deadline = time.monotonic() + timeout
        while not ready():
            ended = [x for x in self._daemons if x.poll() is not None]
            if ended or time.monotonic() > deadline:
                logs = "\n".join(x.read_text(errors="replace") for x in
                                 self.folder.glob("*.out"))
                raise RuntimeError(f"Slurm did not start:\n{logs}")
            time.sleep(0.1)
