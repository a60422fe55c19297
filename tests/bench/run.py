#!/usr/bin/env python3
"""What librfctls costs beside OpenSSL alone: run.py [--rounds N] [--only TEXT] [BUILD]

BUILD is a configured build tree, build/release by default; its target "bench" is built first.
Each round does every work once with every program, so that what disturbs the machine disturbs all
of them; a ratio is made within a round, and the table shows its spread over the rounds.
Instructions are those of user space, counted by callgrind; they repeat, so they decide where little
is to be told apart. An aim that is not met is no failure of this program.
"""

import argparse
import contextlib
import dataclasses
import os
import pathlib
import platform
import re
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIB = 1 << 20
TIME, INSTRUCTIONS = "time", "instr."


@dataclasses.dataclass(frozen=True)
class Run:
    """One program doing one work of client.c."""
    peer: str
    work: str
    number: int
    size: int = 1
    trust: str = "own"    # own: one authority; else the system's: bundle, or directory and bundle
    counted: int = 0      # the smaller number when instructions are counted; 0: they are not

    @property
    def tickets(self):
        return 2 if self.work == "resume" else 0

    @property
    def one_processor(self):
        return self.work == "echo"


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of the table: what one run costs beside another, and what it should."""
    title: str
    ours: Run
    other: Run
    aim: float | None = None
    judge: str = TIME


def both(work, number, size=1, **rest):
    return [Run(peer, work, number, size, **rest) for peer in ("rfctls", "openssl")]


def lines():
    full, raw_full = both("connect", 200, counted=20)
    yield Line("handshake, context kept", full, raw_full, 1.02, INSTRUCTIONS)
    resumed, raw_resumed = both("resume", 200, counted=20)
    yield Line("resumed", resumed, raw_resumed)
    yield Line("resumed / our full handshake", resumed, full, 0.45, INSTRUCTIONS)
    for trust in ("bundle", "directory and bundle"):
        scratch = Run("rfctls", "scratch", 200, trust=trust, counted=20)
        raw_scratch = Run("openssl", "scratch", 20, trust=trust, counted=1)
        yield Line(f"from scratch, {trust}", scratch, raw_scratch)
        yield Line("  / our handshake, context kept", scratch, full, 1.15, INSTRUCTIONS)
    for work, aim in (("up", 0.88), ("down", 0.92)):
        for title, size in (("4k", 4096), ("64k", 65536), ("1m", MIB)):
            run, raw = both(work, 256 * MIB, size, counted=8 * MIB)
            yield Line(f"{work} {title}", run, raw, aim if size >= 65536 else None)
    echo, raw_echo = both("echo", 10000, 64, counted=1000)
    yield Line("ping-pong of 64 bytes, one CPU", echo, raw_echo, 0.95)


IDLE = both("idle", 1000, 65536)
IDLE_AIM = 13_000


# ---- running ----

class Bench:
    def __init__(self, build, folder):
        self.programs = build / "tests" / "bench"
        self.pki = build / "tests" / "pki"
        self.folder = folder
        self.processors = sorted(os.sched_getaffinity(0))
        self.servers = {}
        self.stack = contextlib.ExitStack()
        self.environments = {name: dict(os.environ, **changes)
                             for name, changes in self.trust_stores()}

    def trust_stores(self):
        """The system's trust store with our root in it, kept in two ways."""
        authority = (self.pki / "ca.pem").read_bytes()
        system = pathlib.Path(ssl.get_default_verify_paths().openssl_cafile)
        bundle = self.folder / "bundle.pem"
        bundle.write_bytes((system.read_bytes() if system.is_file() else b"") + authority)
        hashed, empty = self.folder / "hashed", self.folder / "empty"
        for path in (hashed, empty):
            path.mkdir()
        (hashed / "ca.pem").write_bytes(authority)
        subprocess.run(["openssl", "rehash", hashed], check=True)
        yield "own", {}
        yield "bundle", {"SSL_CERT_FILE": str(bundle), "SSL_CERT_DIR": str(empty)}
        yield "directory and bundle", {"SSL_CERT_FILE": str(bundle), "SSL_CERT_DIR": str(hashed)}

    def start(self, processor, command, **rest):
        """Client and server have a processor each, unless they are to share one."""
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                preexec_fn=lambda: os.sched_setaffinity(0, {processor}), **rest)

    def port_for(self, run):
        key = run.tickets, run.one_processor
        if key not in self.servers:
            processor = self.processors[0 if run.one_processor else -1]
            identity = self.pki / "server-direct.pem", self.pki / "server-direct.key"
            command = [self.programs / "bench_server", *identity, str(run.tickets)]
            server = self.start(processor, command, stdin=subprocess.PIPE)
            self.stack.callback(server.communicate)  # the end of its input ends it
            self.servers[key] = server.stdout.readline().strip()
        return self.servers[key]

    def do(self, run, number=None, prefix=()):
        authority = self.pki / "ca.pem" if run.trust == "own" else "system"
        command = [*prefix, self.programs / f"bench_{run.peer}", run.work, "127.0.0.1",
                   self.port_for(run), authority, str(number or run.number), str(run.size)]
        client = self.start(self.processors[0], command, stderr=subprocess.PIPE,
                            env=self.environments[run.trust])
        output, errors = client.communicate()
        if client.returncode != 0:
            sys.exit(f"{run}: {errors}")
        return [int(number) for number in output.split()], errors

    def time(self, run):
        """Nanoseconds of processor time for one unit."""
        (cost,), _ = self.do(run)
        return cost / run.number

    def instructions(self, run):
        """For one unit: what twice as many more cost, so that beginnings do not count."""
        def count(number):
            _, errors = self.do(run, number, ["valgrind", "--tool=callgrind",
                                              "--callgrind-out-file=/dev/null"])
            return int(re.search(r"Collected : (\d+)", errors)[1])
        return (count(3 * run.counted) - count(run.counted)) / (2 * run.counted)


def in_rounds(bench, table, rounds):
    """Times of every run, one a round. Every other round goes backwards."""
    runs = list(dict.fromkeys(run for line in table for run in (line.ours, line.other)))
    times = {run: [] for run in runs}
    for round_number in range(rounds):
        for run in runs if round_number % 2 == 0 else reversed(runs):
            times[run].append(bench.time(run))
        print(f"round {round_number + 1} of {rounds}", file=sys.stderr, flush=True)
    return times


# ---- showing ----

def verdict(value, aim):
    return "" if aim is None or value is None else "met" if value <= aim else "NOT MET"


def amount(value, run):
    """Instructions, by the MiB where bytes are counted."""
    value *= MIB if run.work in ("up", "down") else 1
    return f"{value / 1e6:.2f} M" if value >= 1e5 else f"{value:.0f}"


def show_line(line, times, counts):
    ratios = [a / b for a, b in zip(times[line.ours], times[line.other])]
    spread = min(ratios), statistics.median(ratios), max(ratios)
    ours, other = counts.get(line.ours), counts.get(line.other)
    ratio = ours / other if ours and other else None
    counted = (f"{amount(ours, line.ours):>9}{amount(other, line.other):>10}{ratio:>8.3f}"
               if ratio else " " * 27)
    aim = f"<= {line.aim:.2f} {line.judge}" if line.aim else ""
    judged = spread[1] if line.judge == TIME else ratio
    print(f"{line.title:<38}{spread[0]:>7.2f}{spread[1]:>7.2f}{spread[2]:>7.2f}  {counted}"
          f"  {aim:<15}{verdict(judged, line.aim)}")


def show_idle(results):
    print(f"\n{'resident bytes of an idle connection':<38}{'ours':>9}{'OpenSSL':>10}")
    for title, ours, other in zip(("of 1,000, fresh", "of 1,000, after 64 KiB up and down"),
                                  *results):
        print(f"{title:<38}{ours:>9}{other:>10}{'':>25}<= {IDLE_AIM:<12}{verdict(ours, IDLE_AIM)}")


def show_machine(build, rounds):
    cache = (build / "CMakeCache.txt").read_text()
    kind = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", cache, re.MULTILINE)
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True)
    print(f"{version.stdout.strip()}, {platform.machine()}, {os.cpu_count()} processors, "
          f"build type {kind[1] if kind else 'unknown'}, {rounds} rounds, "
          f"load {os.getloadavg()[0]:.1f}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="only lines whose title has this in it")
    options = parser.parse_args()
    subprocess.run(["cmake", "--build", options.build, "--target", "bench"], check=True,
                   stdout=subprocess.DEVNULL)
    table = [line for line in lines() if options.only in line.title]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.build.resolve(), pathlib.Path(folder))
        with bench.stack:
            times = in_rounds(bench, table, options.rounds)
            counts = {}
            if shutil.which("valgrind"):
                counts = {run: bench.instructions(run) for run in times if run.counted}
            else:
                print("no instruction counts: valgrind is not installed", file=sys.stderr)
            idle = [bench.do(run)[0] for run in IDLE] if options.only in "idle" else None
    show_machine(options.build, options.rounds)
    print(f"{'':<38}{'time, ours / other':>21}  {'instructions':>27}")
    print(f"{'ours / OpenSSL alone, unless named':<38}{'min':>7}{'median':>7}{'max':>7}"
          f"{'ours':>11}{'other':>10}{'ratio':>8}  aim")
    for line in table:
        show_line(line, times, counts)
    if idle:
        show_idle(idle)


if __name__ == "__main__":
    main()
