#!/usr/bin/env python3
"""What `sluice check` says about files that are wrong, word for word.

Usage: wrong_test.py <sluice> <directory of cases> [--write]

A case is NAME.yaml with NAME.txt, or a folder NAME with sluice.yaml, whatever belongs to it and
expected.txt; arguments.txt holds other arguments than "-c sluice.yaml". With --write the expected
texts are written anew: read what changed before you keep it.
"""
import difflib
import pathlib
import subprocess
import sys

# Nothing else is set, so that every machine says the same.
ENVIRONMENT = {"HOSTNAME": "edge-7"}


def cases(directory):
    """(name, working directory, arguments, file with the expected text) of each."""
    for file in sorted(directory.glob("*.yaml")):
        yield file.stem, directory, ["-c", file.name], file.with_suffix(".txt")
    for folder in sorted(each for each in directory.iterdir() if each.is_dir()):
        arguments = folder / "arguments.txt"
        words = arguments.read_text().split() if arguments.exists() else ["-c", "sluice.yaml"]
        yield folder.name, folder, words, folder / "expected.txt"


def problems(program, directory, arguments, expected):
    """What is not as it should be, as lines."""
    result = subprocess.run([program, "check", *arguments], cwd=directory, env=ENVIRONMENT,
                            capture_output=True, text=True, timeout=30)
    found = list(difflib.unified_diff(expected.splitlines(), result.stderr.splitlines(),
                                      "expected", "said", lineterm=""))
    exit_code = 78 if "error: " in expected else 0
    if result.returncode != exit_code:
        found.append(f"exit code {result.returncode} instead of {exit_code}")
    if "hunter" in result.stderr:
        found.append("a secret is shown")
    return found


def main():
    program, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    if sys.argv[3:] == ["--write"]:
        for _, folder, arguments, file in cases(directory):
            result = subprocess.run([program, "check", *arguments], cwd=folder, env=ENVIRONMENT,
                                    capture_output=True, text=True, timeout=30)
            file.write_text(result.stderr)
        return 0
    count = 0
    failed = False
    for name, folder, arguments, file in cases(directory):
        found = problems(program, folder, arguments, file.read_text())
        print(f"{name}: {'ok' if not found else ''}")
        print("\n".join(found), end="\n" if found else "")
        failed |= bool(found)
        count += 1
    print(f"{count} cases")
    return int(failed or count < 60)


if __name__ == "__main__":
    sys.exit(main())
