"""Runs one fuzz target: run.py search|planted|coverage PROGRAM SEEDS CORPUS [what each needs]...

search SECONDS: looks for new inputs, which are kept in CORPUS; fails on a crash, a leak, a hang.
planted: fails unless the search crashes.
coverage PROFDATA COV FILE PERCENT: which lines of FILE the inputs reach; fails below PERCENT."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

PATIENCE = 60  # seconds, for a planted bug to be found


def fuzz(program, folder, *options, profile="/dev/null"):
    """libFuzzer; what it finds bad is kept in folder."""
    return subprocess.run(
        [program, "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1",
         f"-artifact_prefix={folder}/", *map(str, options)],
        env=os.environ | {"LLVM_PROFILE_FILE": str(profile)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)


def search(program, seeds, corpus, seconds):
    bad = corpus.parent / "bad"
    bad.mkdir(exist_ok=True)
    done = fuzz(program, bad, f"-max_total_time={seconds}", corpus, seeds)
    print(done.stdout[-6000:] if done.returncode else "\n".join(
        line for line in done.stdout.splitlines() if line.startswith(("stat::", "Done"))))
    return done.returncode


def planted(program, seeds, _corpus):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "new").mkdir()
        done = fuzz(program, folder, f"-max_total_time={PATIENCE}", f"{folder}/new", seeds)
    found = "AddressSanitizer: heap-buffer-overflow" in done.stdout
    print("the planted bug was", "found" if found else f"not found:\n{done.stdout[-3000:]}")
    return 0 if done.returncode and found else 1


def missed(segments):
    """The lines of every stretch that was run 0 times."""
    lines = set()
    for (line, _, count, counted, *_), (next_line, next_column, *_) in zip(segments, segments[1:]):
        if counted and count == 0:
            lines.update(range(line, next_line + (next_column > 1)))
    return lines


def coverage(program, seeds, corpus, profdata, cov, file, percent):
    with tempfile.TemporaryDirectory() as folder:
        raw, merged = pathlib.Path(folder, "raw"), pathlib.Path(folder, "merged")
        done = fuzz(program, folder, "-runs=0", corpus, seeds, profile=raw)
        if done.returncode:
            print(done.stdout[-6000:])
            return done.returncode
        subprocess.run([profdata, "merge", "-o", merged, raw], check=True)
        export = subprocess.run([cov, "export", program, "-instr-profile", merged],
                                check=True, capture_output=True, text=True)
    found = next(item for item in json.loads(export.stdout)["data"][0]["files"]
                 if item["filename"].endswith(file))  # its folder is as the compiler was told
    lines = found["summary"]["lines"]
    print(f"{file[1:]}: {lines['covered']} of {lines['count']} lines, {lines['percent']:.1f} %; "
          f"none or not all of these: {' '.join(map(str, sorted(missed(found['segments']))))}")
    return 0 if lines["percent"] >= float(percent) else 1


def main(mode, program, seeds, corpus, *arguments):
    pathlib.Path(corpus).mkdir(parents=True, exist_ok=True)
    modes = {"search": search, "planted": planted, "coverage": coverage}
    return modes[mode](program, pathlib.Path(seeds), pathlib.Path(corpus), *arguments)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
