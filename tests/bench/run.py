#!/usr/bin/env python3
"""What librfctls costs beside what one would use instead:

    run.py [--language c|python|lua|guile]... [--rounds N] [--only TEXT] [BUILD]

In C that is OpenSSL alone, in Python ssl, in Lua LuaSec, in Guile guile-gnutls. BUILD is a configured
build tree, build/release by default; it is brought up to date first. Each round does every work once
with every program, so that what disturbs the machine disturbs all of them; a ratio is made within a
round, and the table shows its spread over the rounds: least, median, greatest. Instructions are those of
user space, counted by callgrind; they repeat, so they decide where little is to be told apart. An aim
that is not met is no failure of this program.
"""

import argparse
import contextlib
import os
import pathlib
import platform
import re
import resource
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile

from tables import ACCEPT_AIM, IDLE, IDLE_AIM, MIB, TABLES, TIME

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent


# ---- running ----

class Bench:
    def __init__(self, build, folder, languages):
        self.programs = build / "tests" / "bench"
        self.pki = build / "tests" / "pki"
        self.stage = build / "stage"
        self.folder = folder
        self.processors = sorted(os.sched_getaffinity(0))
        self.servers = {}
        self.stack = contextlib.ExitStack()
        if "guile" in languages:
            self.compile_scheme()
        modules = dict(os.environ, **self.module_paths())
        self.environments = {name: dict(modules, **changes)
                             for name, changes in self.trust_stores()}

    # ---- what is run ----

    def module_paths(self):
        """The modules are those of the build tree."""
        share, lib = (self.stage / "lua" / kind / "5.4" for kind in ("share", "lib"))
        scheme = self.stage / "guile"
        return {
            "PYTHONPATH": str(self.stage / "python"),
            "PYTHONPYCACHEPREFIX": str(self.folder / "pycache"),
            "LUA_PATH_5_4": f"{share}/?.lua;{share}/?/init.lua;{HERE}/lua/?.lua;;",
            "LUA_CPATH_5_4": f"{lib}/?.so;;",
            "GUILE_AUTO_COMPILE": "0",
            "GUILE_LOAD_PATH": f"{scheme}/site:{HERE}/guile",
            "GUILE_LOAD_COMPILED_PATH": f"{scheme}/ccache:{self.folder}/ccache",
            "GUILE_EXTENSIONS_PATH": str(scheme / "extensions"),
        }

    def compile_scheme(self):
        for source in (HERE / "guile").glob("*.scm"):
            compiled = self.folder / "ccache" / source.with_suffix(".go").name
            subprocess.run(["guild", "compile", "-O2", "-o", compiled, source], check=True,
                           env=dict(os.environ, **self.module_paths()), stdout=subprocess.DEVNULL)

    def program(self, run):
        if run.language == "c":
            return [self.programs / f"bench_{run.peer}"]
        if run.language == "python":
            return ["/usr/bin/python3", HERE / "python" / "client.py", run.peer]
        if run.language == "lua":
            return ["lua5.4", HERE / "lua" / "client.lua", run.peer]
        return ["guile", "-c", "((@ (client) main) (command-line))", run.peer]

    # ---- servers and clients ----

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
        command = [*prefix, *self.program(run), run.work, "127.0.0.1", self.port_for(run),
                   authority, str(number or run.number), str(run.size)]
        client = self.start(self.processors[0], command, stderr=subprocess.PIPE,
                            env=self.environments[run.trust])
        output, errors = client.communicate()
        if client.returncode != 0:
            sys.exit(f"{run}: {errors}")
        return [int(number) for number in output.split()], errors

    def time(self, run):
        """Nanoseconds of processor time for one unit."""
        if run.whole:
            return self.time_processes(run)
        (cost,), _ = self.do(run)
        return cost / run.number

    def time_processes(self, run):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for _ in range(run.number):
            self.do(run)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return used * 1e9 / run.number

    def accept(self, threads):
        """Handshakes of a server by so many threads: a nanosecond of the clock, of processor time."""
        pki = [self.pki / name for name in ("server-direct.pem", "server-direct.key", "ca.pem")]
        output = subprocess.run([self.programs / "bench_accept", *pki, str(threads), "200"],
                                capture_output=True, text=True, check=True).stdout
        return [200 * threads / int(number) for number in output.split()]

    def instructions(self, run):
        """For one unit: what twice as many more cost, so that beginnings do not count."""
        def count(number):
            _, errors = self.do(run, number, ["valgrind", "--tool=callgrind",
                                              "--callgrind-out-file=/dev/null"])
            return int(re.search(r"Collected : (\d+)", errors)[1])
        return (count(3 * run.counted) - count(run.counted)) / (2 * run.counted)


def in_rounds(bench, table, rounds):
    """Times of every run, one a round. Every other round goes backwards."""
    runs = list(dict.fromkeys(run for line in table for run in (line.ours, line.other, line.less)
                              if run))
    times = {run: [] for run in runs}
    for round_number in range(rounds):
        for run in runs if round_number % 2 == 0 else reversed(runs):
            times[run].append(bench.time(run))
        print(f"round {round_number + 1} of {rounds}", file=sys.stderr, flush=True)
    return times


def accept_in_rounds(bench, rounds):
    """What two threads do beside one, in each round: by the clock, by processor time."""
    found = []
    for _ in range(rounds):
        (clock, used), (clock_of_two, used_of_two) = bench.accept(1), bench.accept(2)
        found.append((clock_of_two / clock, 2 * used_of_two / used))
    return [sorted(column) for column in zip(*found)]


# ---- showing ----

def verdict(value, aim):
    return "" if aim is None or value is None else "met" if value <= aim else "NOT MET"


def amount(value, run):
    """Instructions, by the MiB where bytes are counted."""
    value *= MIB if run.counts_bytes else 1
    return f"{value / 1e6:.2f} M" if value >= 1e5 else f"{value:.0f}"


def show_line(line, times, counts):
    less = times[line.less] if line.less else [0] * len(times[line.ours])
    ratios = [(a - c) / (b - c) for a, b, c in zip(times[line.ours], times[line.other], less)]
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


def show_accept(results):
    print(f"\n{'handshakes of two threads / of one':<38}{'min':>7}{'median':>7}{'max':>7}")
    for title, ratios in zip(("by the clock", "by processor time"), results):
        middle = statistics.median(ratios)
        print(f"{title:<38}{ratios[0]:>7.2f}{middle:>7.2f}{ratios[-1]:>7.2f}{'':31}"
              f">= {ACCEPT_AIM:<12.2f}{'met' if middle >= ACCEPT_AIM else 'NOT MET'}")


def show_machine(build, rounds):
    cache = (build / "CMakeCache.txt").read_text()
    kind = re.search(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", cache, re.MULTILINE)
    version = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True)
    print(f"{version.stdout.strip()}, {platform.machine()}, {os.cpu_count()} processors, "
          f"build type {kind[1] if kind else 'unknown'}, {rounds} rounds, "
          f"load {os.getloadavg()[0]:.1f}\n")


def measure(bench, table, rounds):
    times = in_rounds(bench, table, rounds)
    if not shutil.which("valgrind"):
        print("no instruction counts: valgrind is not installed", file=sys.stderr)
        return times, {}
    return times, {run: bench.instructions(run) for run in times if run.counted}


def show_table(other, table, times, counts):
    print(f"{'':<38}{'time, ours / other':>21}  {'instructions':>27}")
    print(f"{f'ours / {other}, unless named':<38}{'min':>7}{'median':>7}{'max':>7}"
          f"{'ours':>11}{'other':>10}{'ratio':>8}  aim")
    for line in table:
        show_line(line, times, counts)


def bring_up_to_date(build, languages):
    """The programs in C, and the modules."""
    targets = ["bench"] if languages == ["c"] else ["bench", "all"]
    subprocess.run(["cmake", "--build", build, "--target", *targets], check=True,
                   stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--language", action="append", choices=TABLES, help="default: all")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", help="only lines whose title has this in it")
    options = parser.parse_args()
    languages = options.language or list(TABLES)
    bring_up_to_date(options.build, languages)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options.build.resolve(), pathlib.Path(folder), languages)
        with bench.stack:
            for language in languages:
                other, lines = TABLES[language]
                table = [line for line in lines() if options.only in line.title]
                times, counts = measure(bench, table, options.rounds)
                print(f"\n==== {language} ====")
                show_machine(options.build, options.rounds)
                show_table(other, table, times, counts)
                if language == "c" and options.only in "idle":
                    show_idle([bench.do(run)[0] for run in IDLE])
                if language == "c" and options.only in "accept":
                    show_accept(accept_in_rounds(bench, options.rounds))


if __name__ == "__main__":
    main()
