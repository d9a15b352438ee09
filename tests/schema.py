#!/usr/bin/env python3
"""schema.py DEFINITION... <OUTPUT - is it what contrib/mailsend.schema.json says?

OUTPUT is one JSON document, or a line of JSON for each; each has to be one of
the definitions.  Says on standard output which it was, a line each.

schema.py --fields DEFINITION... - the names of its members, and of theirs.
schema.py --values DEFINITION... - each word that a member may be.
schema.py --causes - the causes of a failure.
"""

import json
import os
import sys

import jsonschema

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..",
                    "contrib", "mailsend.schema.json")


def documents(text):
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines()]


def walk(node):
    """Every schema within a schema."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def fields(schema):
    return {name for node in walk(schema)
            if isinstance(node.get("properties"), dict)
            for name in node["properties"]}


def values(schema):
    return {word for node in walk(schema) for word in node.get("enum", ())
            if isinstance(word, str)}


def judge(schema, names, found):
    failed = {}
    for name in names:
        wanted = {"$defs": schema["$defs"], "$ref": "#/$defs/" + name}
        try:
            jsonschema.validate(found, wanted)
            return name
        except jsonschema.ValidationError as error:
            failed[name] = f"{error.json_path}: {error.message}"
    for name, why in failed.items():
        print(f"no {name}: {why}", file=sys.stderr)
    return None


def main():
    with open(PATH) as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    words = sys.argv[1:]
    if words[0] == "--causes":
        causes = schema["$defs"]["failure"]["properties"]["cause"]["enum"]
        print("\n".join(word for word in causes if word))
        return 0
    if words[0] in ("--fields", "--values"):
        take = fields if words[0] == "--fields" else values
        parts = [schema["$defs"][name] for name in words[1:]]
        print("\n".join(sorted(set().union(*map(take, parts)))))
        return 0
    text = sys.stdin.read()
    if not text.strip():
        print("there is nothing", file=sys.stderr)
        return 1
    for found in documents(text):
        name = judge(schema, words, found)
        if not name:
            return 1
        print(name)
    return 0


sys.exit(main())
