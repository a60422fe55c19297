"""Every function of the ABI takes NULL and nothing for everything, and says so instead of crashing."""
import ctypes
import faulthandler

import headers
import pytest

E_ARGUMENT = -1


@pytest.fixture(scope="module")
def library():
    faulthandler.enable()
    return headers.loaded() or pytest.skip("an interpreter cannot load a library built like this")


def nothing(type_name):
    if "*" in type_name or type_name in ("rfctls_verifier", "rfctls_identity_source",
                                         "rfctls_release"):
        return ctypes.c_void_p(None)
    return ctypes.c_int64(0) if type_name in ("int64_t", "size_t", "intptr_t") else ctypes.c_int(0)


@pytest.mark.parametrize("name, result, parameters", headers.signatures(),
                         ids=[each[0] for each in headers.signatures()])
def test_nothing_is_an_argument_error_and_no_crash(library, name, result, parameters):
    function = library[name]
    function.restype = ctypes.c_int if result == "rfctls_status" else ctypes.c_void_p
    answer = function(*map(nothing, parameters))
    if result == "rfctls_status" and parameters:
        assert answer == E_ARGUMENT
        library.rfctls_error_message.restype = ctypes.c_char_p
        assert library.rfctls_error_message() != b""
