"""What run.py measures: for each language the works, beside whom, and what they may cost."""

import dataclasses

MIB = 1 << 20
TIME, INSTRUCTIONS = "time", "instr."


@dataclasses.dataclass(frozen=True)
class Run:
    """One program doing one work of a language's client."""
    language: str
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

    @property
    def whole(self):
        """The process is measured from outside, with its beginning and its end, NUMBER times."""
        return self.work in ("first", "import")

    @property
    def counts_bytes(self):
        return self.work in ("up", "down", "recv")


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a table: what one run costs beside another, and what it should."""
    title: str
    ours: Run
    other: Run
    aim: float | None = None
    judge: str = TIME
    less: Run | None = None  # what both of them contain, and is taken away


def c():
    def both(work, number, size=1, **rest):
        return [Run("c", peer, work, number, size, **rest) for peer in ("rfctls", "openssl")]

    full, raw_full = both("connect", 100, counted=20)
    yield Line("handshake, context kept", full, raw_full, 1.02, INSTRUCTIONS)
    resumed, raw_resumed = both("resume", 200, counted=20)
    yield Line("resumed", resumed, raw_resumed)
    yield Line("resumed / our full handshake", resumed, full, 0.45, INSTRUCTIONS)
    for trust in ("bundle", "directory and bundle"):
        scratch = Run("c", "rfctls", "scratch", 100, trust=trust, counted=20)
        raw_scratch = Run("c", "openssl", "scratch", 10, trust=trust, counted=1)
        yield Line(f"from scratch, {trust}", scratch, raw_scratch)
        yield Line("  / our handshake, context kept", scratch, full, 1.15, INSTRUCTIONS)
    for work, aim in (("up", 0.88), ("down", 0.92)):
        for title, size in (("4k", 4096), ("64k", 65536), ("1m", MIB)):
            run, raw = both(work, 96 * MIB, size, counted=8 * MIB)
            yield Line(f"{work} {title}", run, raw, aim if size >= 65536 else None)
    echo, raw_echo = both("echo", 3000, 64, counted=1000)
    yield Line("ping-pong of 64 bytes, one CPU", echo, raw_echo, 0.95)


def handshakes(language, usual, counted, number=60):
    """What all languages have in common. counted: how many handshakes are, for instructions."""
    def both(work, number, **rest):
        return [Run(language, peer, work, number, **rest) for peer in ("rfctls", usual)]

    judge = INSTRUCTIONS if counted else TIME
    full, usual_full = both("connect", number, counted=counted)
    yield Line("handshake, context kept", full, usual_full, 1.03, judge)
    resumed = Run(language, "rfctls", "resume", number, counted=counted)
    yield Line("resumed / our full handshake", resumed, full, 0.45, judge)
    for trust in ("bundle", "directory and bundle"):
        scratch = Run(language, "rfctls", "scratch", number, trust=trust, counted=counted)
        yield Line(f"from scratch, {trust}", scratch, Run(language, usual, "scratch", 6, trust=trust))
        yield Line("  / our handshake, context kept", scratch, full, 1.15, judge)


def processes(language, usual, import_aim, first_aim):
    def both(work, number):
        return [Run(language, peer, work, number, trust="directory and bundle")
                for peer in ("rfctls", usual)]

    bare = Run(language, "none", "import", 5, trust="directory and bundle")
    yield Line("one-shot process that connects", *both("first", 5), first_aim)
    yield Line("import, over the bare interpreter", *both("import", 5), import_aim, TIME, bare)


def transfers(language, usual, works):
    """works: (title, work, size, aim)."""
    for title, work, size, aim in works:
        runs = [Run(language, peer, work, 96 * MIB, size) for peer in ("rfctls", usual)]
        yield Line(title, *runs, aim)


def ping_pong(language, usual, aim, counted):
    runs = [Run(language, peer, "echo", 3000, 64, counted=counted) for peer in ("rfctls", usual)]
    yield Line("ping-pong of 64 bytes, one CPU", *runs, aim)


def python():
    yield from handshakes("python", "ssl", 6)
    yield from processes("python", "ssl", 0.5, 0.35)
    yield from transfers("python", "ssl", [
        ("up 64k", "up", 65536, 0.9),
        ("up 1m", "up", MIB, 0.9),
        ("down 64k, recv_into", "down", 65536, 0.9),
        ("down 1m, recv_into", "down", MIB, 0.9),
        ("down 64k, recv", "recv", 65536, 0.9),
        ("down 1m, recv", "recv", MIB, 0.3)])
    yield from ping_pong("python", "ssl", 0.9, 500)


def lua():
    yield from handshakes("lua", "luasec", 10)
    yield from processes("lua", "luasec", 1.0, 0.35)
    yield from transfers("lua", "luasec", [
        ("up 64k", "up", 65536, 0.65),
        ("up 1m", "up", MIB, 0.65),
        ("down 64k", "down", 65536, 0.8),
        ("down 1m", "down", MIB, 0.8)])
    yield from ping_pong("lua", "luasec", 0.9, 500)


def guile():
    # Enough of them for what is compiled on the way, and for the collector to come by.
    yield from handshakes("guile", "gnutls", 60, 200)
    yield from processes("guile", "gnutls", 1.0, None)
    yield from transfers("guile", "gnutls", [
        ("up 64k, port", "up", 65536, 1.1),
        ("up 1m, port", "up", MIB, 0.95),
        ("down 64k, port", "down", 65536, 1.1),
        ("down 1m, port", "down", MIB, 0.95)])
    yield from ping_pong("guile", "gnutls", 1.0, 0)


TABLES = {"c": ("OpenSSL alone", c), "python": ("ssl", python), "lua": ("LuaSec", lua),
          "guile": ("guile-gnutls", guile)}

IDLE = [Run("c", peer, "idle", 1000, 65536) for peer in ("rfctls", "openssl")]
IDLE_AIM = 13_000
ACCEPT_AIM = 1.8
