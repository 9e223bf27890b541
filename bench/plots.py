"""The two plots, by matplotlib in the peers' environment: `python -m bench.plots RESULTS FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import pyplot as plt

matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "syncgroups", "font.size": 10})
COLOURS = {"syncgroups": "#0b6e4f", "PsyNet": "#c1440e", "floor": "#888888"}
TITLES = {"idle": "Tick with nothing to do", "arrive_and_pass": "One arrival plus its pass"}


def plot_scale(scale: dict[str, Any], file: Path) -> None:
    """Cost against the number waiting, both logarithmic."""
    figure, panels = plt.subplots(1, 2, figsize=(9, 3.6), sharey=True, layout="constrained")
    for panel, (verb, title) in zip(panels, TITLES.items(), strict=True):
        for system, points in scale[verb].items():
            sizes = [point["n"] for point in points]
            panel.plot(
                sizes, [1e3 * point["median"] for point in points], "o-", color=COLOURS[system], label=system, ms=4
            )
            least, greatest = ([1e3 * point[key] for point in points] for key in ("min", "max"))
            panel.fill_between(sizes, least, greatest, color=COLOURS[system], alpha=0.15, linewidth=0)
        panel.set(title=title, xscale="log", yscale="log", xlabel="waiting at the barrier")
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("milliseconds")
    panels[0].legend()
    save(figure, file)


def plot_latency(results: dict[str, Any], file: Path) -> None:
    """The share of those who waited that has gone, or knows it, after so long."""
    figure, panel = plt.subplots(figsize=(9, 3.6), layout="constrained")
    rows = {row["name"]: row for row in results["rows"]}
    for system, row in rows["latency"]["by"].items():
        title = f"{system}: release committed" + (" (its clock ticks each 0.5 s)" if system == "PsyNet" else "")
        steps(panel, row["samples"], COLOURS[system], "-", title)
    for row, style in zip(results["waiting"], ("--", ":", "-.", (0, (1, 3))), strict=True):
        how = f"{row['push']} hints" if row["push"] else f"poll every {row['interval']:.0f} s"
        title = f"syncgroups: page told, {row['waiting']} wait, {how}"
        steps(panel, row["samples"], COLOURS["syncgroups"], style, title)
    panel.set(xscale="log", xlabel="milliseconds since the last arrival was committed", ylabel="share")
    panel.grid(alpha=0.3)
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    save(figure, file)


def steps(panel: Any, samples: list[float], colour: str, style: Any, title: str) -> None:
    ordered = sorted(samples)
    shares = [(i + 1) / len(ordered) for i in range(len(ordered))]
    times = [1e3 * sample for sample in ordered]
    panel.step(times, shares, linestyle=style, where="post", color=colour, label=title)


def save(figure: Any, file: Path) -> None:
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    measured = json.loads(Path(sys.argv[1]).read_text())
    plot_scale(measured["scale"], Path(sys.argv[2], "performance-scale.svg"))
    plot_latency(measured, Path(sys.argv[2], "performance-latency.svg"))
