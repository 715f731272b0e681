#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whoever reads exfild's alerts gets all of them: the consumers of docs/integrations against a real Redis.

usage: consumers.py --exfild PROGRAM --alerts PROGRAM

redis-cli SUBSCRIBE, a consumer group in C (hiredis) and in Node, with what a dead consumer had taken, a list popped in batches; the Elastic
template against the alerts of every replay.  Node's part needs the package redis: EXFILD_NODE_MODULES names a node_modules that has it, else
it is skipped.  Exit status 77: redis-server is not installed.
"""
import argparse
import datetime
import glob
import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

from delivery import Redis

HERE = os.path.dirname(os.path.abspath(__file__))
DOCS = os.path.join(HERE, "..", "..", "docs", "integrations")
COUNT = 500
READER = "resetkeys ~exfild:* resetchannels &exfild:* -@all +xgroup +xreadgroup +xautoclaim +xack +subscribe +eval +evalsha +script|load +lrange +ltrim +blpop +ping +quit"


def send(options, redis, folder, count=COUNT):
    subprocess.run([options.alerts, "--set", "redis.url=" + redis.url, "--set", f"spool.directory={folder}/spool", "--set", "redis.list=true",
                    "--count", str(count)], check=True, stdout=subprocess.DEVNULL)


def numbers(text):
    return [json.loads(line)["event"]["sequence"] for line in text.splitlines() if line.startswith("{")]


def wait_for(read, count, limit=90):
    end = time.time() + limit
    while time.time() < end and len(set(numbers(read()))) < count:
        time.sleep(0.1)
    return numbers(read())


class Checks:
    def __init__(self):
        self.bad = 0

    def __call__(self, holds, text):
        print(("ok   " if holds else "FAIL ") + text)
        self.bad += not holds


def group(check, redis, name, command, folder, **more):
    """A consumer that is dead has taken 50; the one that runs gets all, those too."""
    redis.ask("XGROUP", "CREATE", "exfild:alerts", name, "0")
    redis.ask("XREADGROUP", "GROUP", name, "dead", "COUNT", "50", "STREAMS", "exfild:alerts", ">")
    path = os.path.join(folder, name)
    with open(path, "w") as out:
        process = subprocess.Popen(command, stdout=out, **more)
        got = wait_for(lambda: open(path).read(), COUNT)
        time.sleep(0.5)
        process.terminate()
        process.wait(30)
    check(sorted(set(got)) == list(range(1, COUNT + 1)), f"{name}: {len(set(got))} of {COUNT} alerts, with those of a dead consumer")
    pending = redis.ask("XPENDING", "exfild:alerts", name).split("\n")[0]
    check(pending == "0", f"{name}: {pending} are not acknowledged")


def subscriber(check, options, redis, folder):
    path = os.path.join(folder, "subscriber")
    with open(path, "w") as out:
        process = subprocess.Popen(["stdbuf", "-oL", "redis-cli", "-s", redis.socket, "SUBSCRIBE", "exfild:alerts"], stdout=out)
        time.sleep(1)
        send(options, redis, folder)
        got = wait_for(lambda: open(path).read(), COUNT, 30)
        process.terminate()
        process.wait(10)
    check(got == list(range(1, COUNT + 1)), f"SUBSCRIBE: {len(got)} of {COUNT}, in order")


def as_reader(redis, *words):
    return redis.ask("--user", "siem", "--pass", "pw", "--no-auth-warning", *words)


def logstash(check, redis, script):
    """Its redis input with data_type list and batch_count 125: a script loaded once, EVALSHA, loaded again when the server has forgotten it."""
    got = []
    for turn in range(2):
        digest = as_reader(redis, "SCRIPT", "LOAD", script)
        got += numbers(as_reader(redis, "EVALSHA", digest, "1", "exfild:alerts:list", "125"))
        if turn == 0:
            redis.ask("SCRIPT", "FLUSH")
            check("NOSCRIPT" in as_reader(redis, "EVALSHA", digest, "1", "exfild:alerts:list", "125"), "a forgotten script is said")
    return got


def vector(redis, count):
    """Its redis source with data_type list and method lpop: BLPOP without an end, one alert each."""
    command = ["redis-cli", "-s", redis.socket, "--user", "siem", "--pass", "pw", "--no-auth-warning", "--raw"]
    done = subprocess.run(command, input="BLPOP exfild:alerts:list 0\n" * count, capture_output=True, text=True, check=False, timeout=60)
    return numbers(done.stdout)


def popper(check, redis):
    """By the commands of each, with the rights of docs/integrations."""
    script = open(os.path.join(DOCS, "pop.lua")).read()
    got = logstash(check, redis, script)
    check(len(got) == 250, f"as Logstash pops: {len(got)} in two batches")
    popped = vector(redis, 100)
    check(len(popped) == 100, f"as Vector pops: {len(popped)}")
    got += popped
    while True:
        batch = numbers(as_reader(redis, "EVAL", script, "1", "exfild:alerts:list", "125"))
        if not batch:
            break
        check(len(batch) <= 125, f"a batch of {len(batch)}")
        got += batch
    check(got == list(range(1, COUNT + 1)), f"popped from the list: {len(got)} of {COUNT}, in order")


def fits(kind, value):
    if kind == "ip":
        return bool(ipaddress.ip_address(value))
    if kind == "date":
        return bool(datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ"))
    if kind == "long":
        return isinstance(value, int)
    if kind in ("float", "double"):
        return isinstance(value, (int, float))
    return isinstance(value, str)


def misfits(properties, value, path=""):
    """Values that Elasticsearch would refuse under this mapping."""
    for key, inner in value.items():
        field = properties.get(key)
        if field is None or field.get("type") == "flattened":
            continue
        for one in inner if isinstance(inner, list) else [inner]:
            if "properties" in field and isinstance(one, dict):
                yield from misfits(field["properties"], one, path + key + ".")
            elif "properties" not in field and field["type"] != "nested":
                try:
                    if not fits(field["type"], one):
                        yield path + key
                except ValueError:
                    yield path + key


def template(check, options):
    mapping = json.load(open(os.path.join(DOCS, "elastic-template.json")))["template"]["mappings"]["properties"]
    bad, count = set(), 0
    for capture in glob.glob(os.path.join(HERE, "..", "replay", "*", "input.pcap*")):
        out = subprocess.run([options.exfild, "-r", capture, "-q", "-o", "json"], capture_output=True, text=True, check=False).stdout
        for line in out.splitlines():
            count += 1
            bad |= set(misfits(mapping, json.loads(line)))
    check(count > 0 and not bad, f"the Elastic template takes {count} alerts; not {sorted(bad)}")
    xml.etree.ElementTree.parse(os.path.join(DOCS, "wazuh-rules.xml"))


def prometheus(check):
    """The rules ask for metrics that there are; promtool reads them, where it is installed."""
    rules = os.path.join(DOCS, "prometheus-rules.yaml")
    text = open(rules, encoding="utf-8").read()
    page = open(os.path.join(HERE, "..", "..", "src", "control", "metrics.c"), encoding="utf-8").read()
    asked = set(re.findall(r"\bexfild_(\w+)", "\n".join(re.findall(r"^ +expr: (.*)$", text, re.M))))
    absent = sorted(name for name in asked if f'"{name}"' not in page and f"exfild_{name}" not in page)
    check(len(asked) > 10 and not absent, f"Prometheus' rules ask for {len(asked)} metrics that there are; not {absent}")
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True, check=False)
        check(done.returncode == 0, "promtool takes the rules: " + done.stdout.strip().splitlines()[-1] + done.stderr)


def main():
    parser = argparse.ArgumentParser(description="Whoever reads exfild's alerts gets all of them.")
    parser.add_argument("--exfild", required=True)
    parser.add_argument("--alerts", required=True)
    options = parser.parse_args()
    if not shutil.which("redis-server"):
        print("skipped: redis-server is not installed")
        return 77
    check, folder = Checks(), tempfile.mkdtemp(prefix="exfild-consumers-")
    redis = Redis(folder).start()
    try:
        redis.ask("ACL", "SETUSER", "siem", "on", ">pw", *READER.split())
        answer = redis.ask("--user", "siem", "--pass", "pw", "--no-auth-warning", "XGROUP", "CREATE", "exfild:alerts", "rights", "0", "MKSTREAM")
        check(answer == "OK", "a reader of the least rights makes a group: " + answer)
        subscriber(check, options, redis, folder)
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "hiredis"], capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", os.path.join(DOCS, "consumer.c"), "-o", f"{folder}/consumer", *flags], check=True)
        group(check, redis, "c", [f"{folder}/consumer", redis.socket, "c", "one", "200"], folder)
        modules = os.environ.get("EXFILD_NODE_MODULES", "")
        if shutil.which("node") and os.path.isdir(os.path.join(modules, "redis")):
            os.symlink(modules, f"{folder}/node_modules")
            shutil.copy(os.path.join(DOCS, "consumer.mjs"), folder)
            url = "unix://" + redis.socket
            script = open(f"{folder}/consumer.mjs").read().replace("createClient({ url })", "createClient({ socket: { path: url.slice(7) } })")
            open(f"{folder}/consumer.mjs", "w").write(script)
            group(check, redis, "node", ["node", f"{folder}/consumer.mjs", url, "node", "one"], folder, env={**os.environ, "IDLE_MS": "200"})
        else:
            print("skipped: Node's client (EXFILD_NODE_MODULES names no node_modules with redis)")
        popper(check, redis)
        template(check, options)
        prometheus(check)
    finally:
        redis.kill()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if check.bad else 0


if __name__ == "__main__":
    sys.exit(main())
