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
