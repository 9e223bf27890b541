"""Let bots take part while everything breaks, then check what everybody saw. `python3 dev.py chaos` runs this.

It fails if there is any violation. What the processes wrote down stays in var/chaos/.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path

from project.keeper import Keeper
from project.servers import ServerUnavailable

from . import history, report
from .checker import check
from .clients import Orders
from .history import FOLDER, ROLE, tell
from .nemesis import Nemesis
from .record import Record
from .rows import EFFECTS, store_rows
from .site import ROOT, Site

#: Seconds within which the waits of those who have vanished end, once the last bot has gone.
SETTLING = 45


def run(keeper: Keeper, folder: Path, options: argparse.Namespace) -> None:
    """Start the site, let the bots in, let the nemesis work, and keep what is left in the end."""
    os.environ |= {FOLDER: str(folder), ROLE: "nemesis"}
    site = Site(keeper, folder, options.webs, options.workers)
    site.start()
    site.ask(EFFECTS)
    wait_for_the_site(site)
    site.compare_clocks()
    say(f"{options.bots} bots come to {options.webs} web processes; {options.workers} workers (seed {options.seed})")
    bots = start_bots(keeper, site, options)
    if options.faults:
        Nemesis(site, options.seed).inflict(short=options.short, gap=options.gap)
    say("no more faults; waiting for the bots")
    if bots.wait():
        sys.exit(f"The bots fell over; see {folder / 'logs' / 'bots.log'}.")
    settle(site)
    site.compare_clocks()
    tell("end")
    site.stop()
    store_rows(site, folder)


def wait_for_the_site(site: Site) -> None:
    """Until every worker is ready, and every web process answers."""
    deadline = time.monotonic() + 60
    while sum(e["what"] == "ready" for e in history.read(site.folder)) < site.n_workers and time.monotonic() < deadline:
        time.sleep(0.2)
    while not all(map(answers, site.addresses)) and time.monotonic() < deadline:
        time.sleep(0.2)


def answers(address: str) -> bool:
    """Whether there is a web server, be it one that knows of no such page."""
    try:
        urllib.request.urlopen(address, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def start_bots(keeper: Keeper, site: Site, options: argparse.Namespace) -> subprocess.Popen[bytes]:
    orders = Orders(options.bots, options.seconds, site.addresses, ["", "red", "blue"], options.seed, options.limit)
    given = site.folder / "orders.json"
    given.write_text(json.dumps(asdict(orders)))
    command: list[str | Path] = [sys.executable, "-m", "chaos.bots", given]
    return keeper.start("bots", command, env=site.environment("bots"), cwd=ROOT, log=site.folder / "logs" / "bots.log")


def settle(site: Site) -> None:
    """Wait until nobody waits any longer; the checker tells who does all the same."""
    deadline = time.monotonic() + SETTLING
    while time.monotonic() < deadline:
        [(n,)] = site.ask("SELECT count(*) FROM syncgroups_participantlinkbarrier WHERE state = 'waiting'")
        if not n:
            return
        time.sleep(0.5)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parse(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py chaos", description=__doc__)
    parser.add_argument("--short", action="store_true", help="about a minute: fewer bots, each fault about once")
    parser.add_argument("--bots", type=int, help="200 unless given, 60 with --short")
    parser.add_argument("--webs", type=int, default=2, help="web processes")
    parser.add_argument("--workers", type=int, default=3, help="Celery workers, of two processes each")
    parser.add_argument("--seconds", type=float, help="within how many the bots come; 150, or 30 with --short")
    parser.add_argument("--gap", type=float, help="seconds between two faults, about; 4.5, or 0.5 with --short")
    parser.add_argument("--limit", type=float, help="seconds after which bots give up; 420, or 120 with --short")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of bots and nemesis")
    parser.add_argument("--no-faults", dest="faults", action="store_false", help="the load alone")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "chaos", help="for what is written down")
    options = parser.parse_args(words)
    usual = (60, 30.0, 0.5, 120.0) if options.short else (200, 150.0, 4.5, 420.0)
    for name, value in zip(("bots", "seconds", "gap", "limit"), usual, strict=True):
        setattr(options, name, value if getattr(options, name) is None else getattr(options, name))
    return options


def main() -> None:
    options = parse()
    folder = options.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with Keeper() as keeper:
        run(keeper, folder, options)
    record = Record.read(folder)
    found = report.numbers(record, check(record))
    (folder / "report.json").write_text(json.dumps(found, indent=1))
    print(report.as_text(found))
    print(f"\nWhat everybody asked and saw: {os.path.relpath(folder)}")
    sys.exit(bool(found["violations"]))


if __name__ == "__main__":
    try:
        main()
    except ServerUnavailable as problem:
        sys.exit(str(problem))
