"""Every output of every function is NULL, 0, or for a descriptor -1, unless the call succeeded: whichever
argument is wrong. Made from the headers, so that a new function is tried by itself."""
import contextlib
import ctypes
import faulthandler
import os
import pathlib
import socket

import headers
import pytest

ROOM = 64  # bytes of each buffer
OUTPUTS = [each for each in headers.declarations() if any(headers.output_type(of) for of in each[2])]
CLIENT, SERVER = 1, 2


@pytest.fixture(scope="module")
def library():
    faulthandler.enable()
    return headers.loaded() or pytest.skip("an interpreter cannot load a library built like this")


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    """A file that is good for all that is loaded from one."""
    pki = pathlib.Path(os.environ["RFCTLS_TEST_PKI"])
    path = tmp_path_factory.mktemp("outputs") / "identity.pem"
    path.write_bytes((pki / "server.pem").read_bytes() + (pki / "server.key").read_bytes())
    return str(path).encode()


class Handles:
    """A good handle of each kind, made for one call; all are dropped at its end. NULL for a kind that is
    not known here."""

    def __init__(self, library, path, stack):
        self.library, self.path, self.stack = library, path, stack
        self.known = {}

    def keep(self, kind, value):
        """Drops a reference at the end."""
        if value:
            unref = self.library[f"{kind}_unref"]
            self.stack.callback(unref, ctypes.c_void_p(value))
        return value

    def make(self, kinds, function, *arguments):
        outputs = [ctypes.c_void_p() for _ in kinds]
        status = self.library[function](*arguments, *map(ctypes.byref, outputs))
        assert status == 0, function
        return [self.keep(kind, each.value) for kind, each in zip(kinds, outputs)]

    def config(self, role):
        if ("config", role) not in self.known:
            made, = self.make(["rfctls_config"], "rfctls_config_new", role)
            if role == SERVER:
                assert self.library.rfctls_config_set_identity(
                    ctypes.c_void_p(made), ctypes.c_void_p(self.of("rfctls_chain")),
                    ctypes.c_void_p(self.of("rfctls_key"))) == 0
            self.known["config", role] = made
        return self.known["config", role]

    def of(self, kind):
        if kind not in self.known:
            self.known[kind] = getattr(self, kind, lambda: None)()
        return self.known[kind]

    def rfctls_cert(self):
        return self.library.rfctls_chain_at(ctypes.c_void_p(self.of("rfctls_chain")),
                                            ctypes.c_size_t(0))

    def rfctls_chain(self):
        chain, key = self.make(["rfctls_chain", "rfctls_key"], "rfctls_identity_from_file",
                               self.path, None, None)
        self.known["rfctls_key"] = key
        return chain

    def rfctls_key(self):
        self.of("rfctls_chain")
        return self.known["rfctls_key"]

    def rfctls_addresses(self):
        return self.make(["rfctls_addresses"], "rfctls_addresses_resolve", b"127.0.0.1", b"1", 0, 0)[0]

    def rfctls_address(self):
        return self.library.rfctls_addresses_at(ctypes.c_void_p(self.of("rfctls_addresses")),
                                                ctypes.c_size_t(0))

    def rfctls_raw(self):
        return self.make(["rfctls_raw"], "rfctls_raw_memory")[0]

    def rfctls_socket(self):
        transport, = self.make(["rfctls_raw"], "rfctls_raw_memory")
        return self.make(["rfctls_socket"], "rfctls_socket_wrap", ctypes.c_void_p(transport),
                         ctypes.c_void_p(self.config(CLIENT)))[0]

    def rfctls_stream(self):
        return self.make(["rfctls_stream"], "rfctls_stream_open",
                         ctypes.c_void_p(self.of("rfctls_socket")), 0)[0]

    def rfctls_pollset(self):
        return self.make(["rfctls_pollset"], "rfctls_pollset_new")[0]


# What a call gets for each parameter that is no handle: a good value, then wrong ones.
TEXTS = {"service": b"0", "label": b"EXPERIMENTAL-test", "type": b"tls-exporter"}
NUMBERS = {"size": [ROOM], "context_size": [ROOM], "capacity": [ROOM], "index": [0],
           "timeout_ms": [0], "milliseconds": [0, -2], "backlog": [0, -1], "fd": [None, -1],
           "flags": [0, 0xFFFFFFFF], "owned": [0], "events": [1, 0xFFFFFFFF]}
ENUMS = {"rfctls_role": [CLIENT, 77, -1], "rfctls_family": [0, 77, -1], "rfctls_timer": [3, 77, -1],
         "rfctls_how": [0, 77, -1], "rfctls_status": [1, 77, -77], "int": [0, -1]}


number = ctypes.c_int64  # a narrower parameter takes its lower part


def poisoned(output_type):
    return output_type and output_type.from_buffer_copy(b"\x5a" * ctypes.sizeof(output_type))


class Call:
    """One call of a function: its outputs, and what it gets for each parameter."""

    def __init__(self, library, function, path, stack):
        self.library = library
        self.name, self.result, self.parameters = function
        self.handles = Handles(library, path, stack)
        self.stack = stack
        self.outputs = [poisoned(headers.output_type(each)) for each in self.parameters]
        self.buffers = [ctypes.create_string_buffer(ROOM) for _ in self.parameters]

    def choices(self, index):
        """Values for the parameter: the first is good, the others are wrong."""
        type_name, name = parameter = self.parameters[index]
        if headers.output_type(parameter):
            return [ctypes.byref(self.outputs[index]), None]
        if type_name in ("void *", "const void *"):
            return [self.buffers[index], None]
        if type_name == "const char *":
            good = TEXTS.get(name, b"localhost") if name != "path" else self.handles.path
            return [good, None, b""] + ([] if name == "node" else [b"\xff", b"x" * 70000])
        if type_name.endswith("*"):
            return [ctypes.c_void_p(self.handle(type_name)), None]
        numbers = NUMBERS.get(name) or ENUMS.get(type_name, [0])
        return [number(self.descriptor() if each is None else each) for each in numbers]

    def handle(self, type_name):
        kind = type_name.replace("const ", "").rstrip(" *")
        if kind == "rfctls_config":
            return self.handles.config(SERVER if "listen" in self.name else CLIENT)
        return self.handles.of(kind)

    def descriptor(self):
        ends = socket.socketpair()
        for each in ends:
            self.stack.callback(each.close)
        return ends[0].fileno()

    def run(self, wrong, choice):
        """With one argument wrong."""
        arguments = [self.choices(i)[choice if i == wrong else 0]
                     for i in range(len(self.parameters))]
        function = self.library[self.name]
        function.restype = ctypes.c_int if self.result == "rfctls_status" else ctypes.c_void_p
        return function(*arguments), arguments

    def check(self, answer, arguments):
        done = answer == 0 if self.result == "rfctls_status" else answer is not None
        for parameter, output, argument in zip(self.parameters, self.outputs, arguments):
            if output is None or argument is None:
                assert output is None or not done or self.result != "rfctls_status", (
                    "succeeded without a place for its output")
                continue
            value, kind = output.value or 0, parameter[0].rstrip(" *")
            if done and parameter[0].endswith("**"):
                self.handles.keep(kind, value)
            elif not done:
                assert value == (-1 if parameter[1] == "fd" else 0), (parameter, answer)


def wrong_arguments(library, path, function):
    """(Index of the parameter, index of its value) of each call to make; (None, 0): none is wrong."""
    with contextlib.ExitStack() as stack:
        call = Call(library, function, path, stack)
        return [(None, 0)] + [(i, choice) for i in range(len(call.parameters))
                              for choice in range(1, len(call.choices(i)))]


@pytest.fixture(scope="module", autouse=True)
def results(library):
    library.rfctls_addresses_at.restype = library.rfctls_chain_at.restype = ctypes.c_void_p


@pytest.mark.parametrize("function", OUTPUTS, ids=[each[0] for each in OUTPUTS])
def test_outputs_are_empty_unless_the_call_succeeded(library, identity, function):
    failed = []
    for wrong, choice in wrong_arguments(library, identity, function):
        with contextlib.ExitStack() as stack:
            call = Call(library, function, identity, stack)
            try:
                call.check(*call.run(wrong, choice))
            except AssertionError as error:
                failed.append((wrong if wrong is None else call.parameters[wrong], choice,
                               str(error).splitlines()[0]))
    assert not failed


@pytest.mark.parametrize("function", OUTPUTS, ids=[each[0] for each in OUTPUTS])
def test_outputs_are_empty_when_all_other_arguments_are_missing(library, identity, function):
    with contextlib.ExitStack() as stack:
        call = Call(library, function, identity, stack)
        call.choices = lambda index: [
            ctypes.byref(call.outputs[index]) if call.outputs[index] is not None
            else None if call.parameters[index][0].endswith("*")
            else number(-1)]
        if function[0] not in ("rfctls_pollset_new", "rfctls_raw_memory", "rfctls_chain_new"):
            answer, arguments = call.run(None, 0)
            assert answer != 0 or function[1] != "rfctls_status"
            call.check(answer, arguments)
