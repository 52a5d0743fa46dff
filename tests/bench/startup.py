"""How long a tree of many route files takes to start, beside importing the same modules by hand.

    python -m tests.bench.startup                       10,000 files, five rounds, about two minutes
    python -m tests.bench.startup --json startup.json   the figures of every round too
    python -m tests.bench.startup --check               exit status 1 if App costs more than that import

Each figure is from a process of its own, bytecode cached. A round measures every subject once, in turns; a
ratio is of two times of one round. No folder has a dot in its name, or nobody could import it by hand.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import fsroute

HAND = "import by hand"
EAGER = "App(root)"
LAZY = "App(root, lazy=True)"
LIMIT = 1.0     # App beside the import by hand

# What runs between two looks at the clock. Both import the same files under the same names.
SUBJECTS = {
    HAND: "for name in names: import_module(name)",
    "scan(root)": "scan('app')",
    EAGER: "app = App('app')",
    f"{EAGER}, gc off": "gc.disable(); app = App('app'); gc.enable()",
    LAZY: "app = App('app', lazy=True)",
}
NO_IMPORT = ("scan(root)", LAZY)
CHILD = """
import gc, json, sys, time
sys.path.insert(0, "")
from importlib import import_module
from fsroute import App
from fsroute.routing.tree import scan
names = json.load(open("names.json"))
wall, cpu = time.perf_counter(), time.process_time()
{subject}
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
loaded = sum(name.endswith(".route") and name.startswith("app.") for name in sys.modules)
assert loaded == {loaded}, loaded
"""
ROUTE = """\
from app._lib.db import connect


def GET(request, {param}):
    return {{"found": connect(), "number": {number}}}


def PUT(request, {param}):
    return {{"put": connect(), "number": {number}}}


def DELETE(request, {param}):
    return None
"""


def write_tree(project: Path, count: int) -> None:
    """An API of `count` route files: collections of a hundred resources, half of them one level deeper."""
    (project / "app/_lib").mkdir(parents=True)
    (project / "app/_lib/db.py").write_text("def connect():\n    return 'db'\n")
    names = []
    for number in range(count):
        parts = [f"area{number // 100}", f"(part{number % 7})", f"things{number % 100}", "[id]"]
        parts += ["edit"] if number % 2 else []
        folder = project.joinpath("app", *parts)
        folder.mkdir(parents=True)
        (folder / "route.py").write_text(ROUTE.format(param="id", number=number))
        names.append(".".join(["app", *parts, "route"]))
    (project / "names.json").write_text(json.dumps(names))


def measure(project: Path, subject: str, count: int) -> tuple[float, float]:
    """Seconds of the clock and of the processor."""
    environment = os.environ | {"PYTHONPATH": str(Path(fsroute.__file__).parents[1])}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    child = CHILD.format(subject=SUBJECTS[subject], loaded=0 if subject in NO_IMPORT else count)
    done = subprocess.run([sys.executable, "-c", child], cwd=project, env=environment,
                          stdout=subprocess.PIPE, text=True, check=True)
    wall, cpu = json.loads(done.stdout)
    return wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.startup", description="What a start costs")
    parser.add_argument("--routes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round's figures there")
    parser.add_argument("--check", action="store_true", help=f"fail if {EAGER} is over {LIMIT} x {HAND}")
    options = parser.parse_args()

    seconds: dict[str, list[tuple[float, float]]] = {subject: [] for subject in SUBJECTS}
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        write_tree(project, options.routes)
        measure(project, HAND, options.routes)      # which writes the bytecode
        for _ in range(options.rounds):
            for subject in SUBJECTS:
                seconds[subject].append(measure(project, subject, options.routes))
    ratios = {subject: [mine[1] / hand[1] for mine, hand in zip(seconds[subject], seconds[HAND], strict=True)]
              for subject in SUBJECTS}
    print(f"{options.routes:,} route files, Python {platform.python_version()}, median of {options.rounds}")
    print(f"{'':<20} {'seconds':>8} {'cpu':>8}   x {HAND} (cpu): min, median, max")
    for subject, figures in seconds.items():
        wall, cpu = (median(column) for column in zip(*figures, strict=True))
        low, middle, high = min(ratios[subject]), median(ratios[subject]), max(ratios[subject])
        print(f"{subject:<20} {wall:>8.2f} {cpu:>8.2f}   {low:.2f} {middle:.2f} {high:.2f}")
    if options.json:
        command = f"python -m tests.bench.startup --routes {options.routes} --rounds {options.rounds}"
        options.json.write_text(json.dumps({
            "command": command, "python": platform.python_version(), "routes": options.routes,
            "seconds and cpu seconds": seconds, "ratios": ratios}, indent=2) + "\n")
    if options.check and median(ratios[EAGER]) > LIMIT:
        sys.exit(f"{EAGER} costs {median(ratios[EAGER]):.2f} x {HAND}, more than {LIMIT}")


if __name__ == "__main__":
    main()
