"""A host may load and unload the library, and use OpenSSL itself: neither harms the other."""
import ctypes
import os
import ssl
import time

import _ctypes
import headers
import pytest


def shake(context_of_client, context_of_server):
    """A handshake of Python's own OpenSSL, in memory."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context_of_client.wrap_bio(down, up, server_hostname="localhost")
    server = context_of_server.wrap_bio(up, down, server_side=True)
    for _ in range(10):
        done = 0
        for end in client, server:
            try:
                end.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                pass
        if done == 2:
            return client.version()
    raise AssertionError("no handshake")


def use(library):
    config = ctypes.c_void_p()
    library.rfctls_config_new.argtypes = [ctypes.c_int, ctypes.c_void_p]
    library.rfctls_config_unref.argtypes = [ctypes.c_void_p]
    assert library.rfctls_config_new(1, ctypes.byref(config)) == 0
    library.rfctls_config_unref(config)
    assert library.rfctls_socket_close(None) == -1


class Handles:
    """A library's handles by name, all dropped at the end."""

    def __init__(self, library):
        self.library, self.kept = library, []

    def call(self, name, *arguments):
        """OK, or WANT_READ; bytes and numbers as they are, handles as pointers."""
        status = self.library[name](*arguments)
        assert status in (0, 1), (name, status)
        return status

    def make(self, kind, name, *arguments):
        out = ctypes.c_void_p()
        self.call(name, *arguments, ctypes.byref(out))
        self.kept.append((f"{kind}_unref", out))
        return out

    def drop(self):
        for unref, handle in reversed(self.kept):
            self.library[unref](handle)


def carry(library, source, target):
    """What one end has to say, to the other one."""
    buffer, count = ctypes.create_string_buffer(65536), ctypes.c_size_t()
    while library.rfctls_raw_drain(source, buffer, ctypes.c_size_t(65536), ctypes.byref(count)) == 0:
        assert library.rfctls_raw_feed(target, buffer, count) == 0


def talk(library, pki):
    """A whole connection of both roles, in memory: a context and a session of the client are kept."""
    handles = Handles(library)
    chain, key = ctypes.c_void_p(), ctypes.c_void_p()
    handles.call("rfctls_identity_from_file", f"{pki}/server.p12".encode(), b"secret", None,
                 ctypes.byref(chain), ctypes.byref(key))
    handles.kept += [("rfctls_chain_unref", chain), ("rfctls_key_unref", key)]
    ends = []
    for role in 1, 2:
        config = handles.make("rfctls_config", "rfctls_config_new", role)
        if role == 1:
            handles.call("rfctls_config_add_trust_file", config, f"{pki}/ca.pem".encode(), None)
        else:
            handles.call("rfctls_config_set_identity", config, chain, key)
        raw = handles.make("rfctls_raw", "rfctls_raw_memory")
        ends.append((handles.make("rfctls_socket", "rfctls_socket_wrap", raw, config), raw))
    (client, up), (server, down) = ends
    handles.call("rfctls_socket_set_peer", client, b"server.test", b"443")
    done = False
    while not done:
        done = handles.call("rfctls_socket_handshake", client) == 0
        carry(library, up, down)
        handles.call("rfctls_socket_handshake", server)
        carry(library, down, up)
    byte, count = ctypes.create_string_buffer(1), ctypes.c_size_t()
    handles.call("rfctls_socket_recv", client, 0, byte, ctypes.c_size_t(1), ctypes.byref(count))
    handles.drop()


def serve_by_question(library, _pki):
    """A server whose certificate the program chooses shares its context with nobody."""
    handles = Handles(library)
    config = handles.make("rfctls_config", "rfctls_config_new", 2)
    handles.call("rfctls_config_set_asking", config, 0, 1)
    raw = handles.make("rfctls_raw", "rfctls_raw_memory")
    assert handles.call("rfctls_socket_handshake", handles.make("rfctls_socket", "rfctls_socket_wrap", raw, config))
    handles.drop()


class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
        "keepcost")]


@pytest.mark.parametrize("work", [talk, serve_by_question])
def test_what_a_plugin_kept_for_the_process_goes_with_it(work):
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        pytest.skip("this C library does not tell how much memory is in use")
    libc.mallinfo2.restype = Mallinfo
    used = []
    for _ in range(40):
        library = headers.loaded(headers.BUILD / "tests" / "abi" / "abi_plugin.so") or pytest.skip(
            "an interpreter cannot load a library built like this")
        for _ in range(2):
            work(library, os.environ["RFCTLS_TEST_PKI"])
        _ctypes.dlclose(library._handle)
        with open("/proc/self/maps", encoding="ascii") as maps:
            assert "abi_plugin" not in maps.read()
        used.append(libc.mallinfo2().uordblks)
    assert used[-1] - used[10] < 30 * 5000, used  # one context has more


def test_loaded_and_unloaded_a_hundred_times_beside_another_user_of_openssl(tmp_path):
    pki = os.environ["RFCTLS_TEST_PKI"]
    of_client = ssl.create_default_context(cafile=f"{pki}/ca.pem")
    of_server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    of_server.load_cert_chain(f"{pki}/server.pem", f"{pki}/server.key")
    for _ in range(100):
        library = headers.loaded() or pytest.skip(
            "an interpreter cannot load a library built like this")
        use(library)
        assert shake(of_client, of_server) == "TLSv1.3"
        _ctypes.dlclose(library._handle)
    assert shake(of_client, of_server) == "TLSv1.3"


def threads():
    return len(os.listdir("/proc/self/task"))


def test_a_look_up_outlives_the_module_that_began_it():
    headers.loaded() or pytest.skip("an interpreter cannot load a library built like this")
    before = threads()
    plugin = ctypes.CDLL(os.environ["RFCTLS_TEST_PLUGIN"])
    assert plugin.begin_and_give_up(b"silent.test")
    if threads() == before:
        pytest.skip("the tests' names are not preloaded")
    _ctypes.dlclose(plugin._handle)
    limit = time.monotonic() + 20
    while threads() > before:  # it comes back to code that must still be there
        assert time.monotonic() < limit
        time.sleep(0.01)
