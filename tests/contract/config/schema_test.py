#!/usr/bin/env python3
"""Holds the JSON Schema that sluice prints against an independent validator.

Usage: schema_test.py <sluice> <directory with examples>
"""
import json
import pathlib
import subprocess
import sys

import jsonschema
import yaml


def problems(validator, text):
    """What the schema finds wrong with a file, shortly."""
    return [error.message[:100] for error in validator.iter_errors(yaml.safe_load(text))]


GOOD = """
sources: {plant: {url: "mqtt://localhost", topics: ["a/#"], qos: 1, protocol: 5}}
flows: {all: {from: [plant], to: [cloud], buffer: {max_size: 1MiB}}}
sinks: {cloud: {url: "https://example.com/in", timeout: 30s}}
"""

# A change to the file above, and a word that the complaint must hold.
WRONG = [
    (("url: \"mqtt://localhost\"", "url: \"ftp://localhost\""), "ftp"),
    (("qos: 1", "qos: 3"), "3"),
    (("qos: 1", "qoss: 1"), "qoss"),
    (("protocol: 5", "protocol: 4"), "4"),
    (("topics: [\"a/#\"], ", ""), "topics"),
    (("max_size: 1MiB", "max_size: 1 MiB"), "1 MiB"),
    (("timeout: 30s", "timeout: 30"), "30"),
    (("timeout: 30s", "type: kafka"), "brokers"),
    (("sinks: {cloud:", "sinks: {\"cl oud\":"), "cl oud"),
]


def main():
    program, examples = sys.argv[1:3]
    schema = json.loads(subprocess.run([program, "schema"], check=True, capture_output=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    files = sorted(pathlib.Path(examples).glob("**/*.yaml"))
    failed = not files
    for file in files:
        found = problems(validator, file.read_text())
        failed |= bool(found)
        print(f"{file.name}: {found or 'ok'}")
    found = problems(validator, GOOD)
    failed |= bool(found)
    print(f"what wrong files are made of: {found or 'ok'}")
    for (old, new), word in WRONG:
        assert old in GOOD, old
        found = problems(validator, GOOD.replace(old, new))
        hit = any(word in each for each in found)
        failed |= not hit
        print(f"{new}: {found if hit else 'NOT FOUND ' + str(found)}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
