"""Writes native.pyi, the types of rfctls.native, from SWIG's XML: `stub.py native.xml native.pyi`.

The XML is what SWIG read with each function's typemaps beside it; typemaps.i says their Python types,
as stub="…". A typemap that is used and has none stops the build.
"""

import pathlib
import sys
import xml.etree.ElementTree

HEAD = '''"""The module made by SWIG from the C headers: flat functions over handles, named as in C.

A function that may be unfinished returns (0 or RFCTLS_WANT_*, value). What fails raises.
"""

from collections.abc import Callable
from os import PathLike
from typing import Any, Literal

from typing_extensions import Buffer

class Handle: ...
'''


def attributes(node):
    return {each.get("name"): each.get("value") for each in node.findall("attributelist/attribute")}


def type_of(node, kind):
    if f"tmap_{kind}_stub" not in node:
        sys.exit(f"stub.py: typemaps.i has no stub=\"…\" for %typemap({kind}) {node['type']} {node['name']}")
    return node[f"tmap_{kind}_stub"]


def result_of(function, parameters):
    """The type of what a function answers: its outputs, or else its own result."""
    outputs = [parameter for parameter in parameters if "tmap_argout" in parameter]
    types = [type_of(output, "argout") for output in outputs]
    if "feature_stub" in function:
        return function["feature_stub"]
    if "tmap_out_unfinished" in function:
        value = outputs[0].get("tmap_argout_unfinished", types[0]) if outputs else "None"
        return f"tuple[int, {value}]"
    if len(types) > 1:
        return f"tuple[{', '.join(types)}]"
    if types:
        return types[0]
    return "None" if function["type"] == "void" else type_of(function, "out")


def signature_of(node):
    """The line of a function, which takes its arguments by position only."""
    function = attributes(node)
    parameters = [attributes(parameter) for parameter in node.findall("attributelist/parmlist/parm")]
    inputs = [f"{parameter['name']}: {type_of(parameter, 'in')}" for parameter in parameters
              if "emit_input" in parameter]
    listed = ", ".join([*inputs, "/"]) if inputs else ""
    return f"def {function['sym_name']}({listed}) -> {result_of(function, parameters)}: ..."


def wrapped(root, kind, mark):
    """The nodes of a kind that SWIG made something of."""
    return [node for node in root.iter(kind) if mark in attributes(node)]


def stub(root):
    constants = [f"{attributes(node)['sym_name']}: int" for node in
                 wrapped(root, "enumitem", "tmap_consttab") + wrapped(root, "constant", "tmap_consttab")]
    functions = [signature_of(node) for node in wrapped(root, "cdecl", "wrap_name")]
    return "\n".join([HEAD, *constants, "", *functions, ""])


if __name__ == "__main__":
    source, target = sys.argv[1:]
    pathlib.Path(target).write_text(stub(xml.etree.ElementTree.parse(source).getroot()), encoding="utf-8")
