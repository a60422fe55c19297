"""guild compile -W3 over Guile's facade: guild.py FILES... What it warns of is a fault, but for the unused
`%NAME-procedure` that each field of a record has by SRFI 9.

RFCTLS_STAGE: where a build tree holds the native module (site, extensions) that the facade imports."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

stage = pathlib.Path(os.environ["RFCTLS_STAGE"])
environment = os.environ | {
    "GUILE_LOAD_PATH": f"bindings/guile:{stage}/site", "GUILE_EXTENSIONS_PATH": f"{stage}/extensions",
    "GUILE_LOAD_COMPILED_PATH": str(stage / "ccache")}
bad = False
with tempfile.TemporaryDirectory() as folder:
    for file in sys.argv[1:]:
        done = subprocess.run(["guild", "compile", "-W3", "-o", f"{folder}/out.go", file], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        warnings = [line for line in done.stdout.splitlines()
                    if "warning:" in line and not re.search("unused .*`%.*-procedure'$", line)]
        if done.returncode != 0 or warnings:
            bad = True
            print(file, *(warnings or [done.stdout]), sep="\n")
sys.exit(bad)
