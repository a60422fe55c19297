"""clang-tidy over files, as many at once as there are processors: tidy.py FLAGS... FILES..."""
import concurrent.futures
import os
import subprocess
import sys

files = [word for word in sys.argv[1:] if word.endswith(".c")]
flags = [word for word in sys.argv[1:] if not word.endswith(".c")]


# They define what analyzer.h puts in its own words.
DEFINING = ("base/alloc.c", "base/error.c", "openssl/failure.c")


def tidy(file):
    known = [] if file.endswith(DEFINING) else ["-include", "tests/gates/analyzer.h"]
    return subprocess.run(["clang-tidy-14", "--quiet", file, "--", *known, *flags], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    done = list(pool.map(tidy, files))
bad = [one.stdout for one in done if one.returncode != 0]
print("\n".join(bad))
sys.exit(1 if bad else 0)
