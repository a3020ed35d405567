"""Chooses the fastest OpenBLAS kernels for the peer among those whose products are right.

OpenBLAS picks its kernels by the processor, or by OPENBLAS_CORETYPE. Both can be wrong: builds that are older than the
processor take kernels of half its width or kernels that fail on it, and an environment may force one for safety's sake.
A ratio against a peer with half its vectors tied up would be worth nothing, and so would one against wrong products. So
each choice is tried in a process of its own, which must get integer products exactly right (their sums are exact in
float32 in any order, and NumPy multiplies integers without a BLAS), and those that do are timed in turns.

    python3 peer_blas.py          -> {"coreType": "SkylakeX" | null for OpenBLAS's own choice, "kernels": "SkylakeX",
                                      "seconds": {kernels: ...}, "refused": {core type: why}}
    python3 peer_blas.py --trial  one trial: says which kernels run, then answers each line with the seconds of a round
"""

import ctypes
import json
import os
import statistics
import subprocess
import sys
import time

VARIABLES = "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"
CORE_TYPES = None, "Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"
ROUNDS = 7
TRIAL = [sys.executable, os.path.abspath(__file__), "--trial"]

# (rows, depth, columns): of the networks' layers and their gradients, and what blocks and vectors do not divide.
CHECKED = (
    (1, 1, 1), (2, 3, 5), (17, 33, 65), (7, 1000, 3), (333, 1, 77), (1, 784, 300), (255, 257, 259), (512, 512, 512),
    (128, 784, 300), (300, 128, 784), (128, 300, 100), (128, 100, 10), (128, 10, 100), (128, 800, 500), (800, 128, 500),
    (128, 500, 800), (4096, 27, 16),
)  # fmt: skip
TIMED = ((128, 784, 300), (300, 128, 784), (128, 300, 100), (128, 800, 500), (500, 128, 800), (512, 512, 512))


def wrong_product(multiply, repeats=2):
    """The first product of `multiply(a, b)` (float32 arrays, each also as a transposed view) that is not exact, or None."""
    import numpy as np

    random = np.random.default_rng(0)
    for rows, depth, columns in CHECKED * repeats:
        a, b = random.integers(-4, 5, (rows, depth)), random.integers(-4, 5, (depth, columns))
        exact = a @ b
        for order in "CC", "CF", "FC", "FF":
            product = multiply(a.astype(np.float32, order[0]), b.astype(np.float32, order[1]))
            if not np.array_equal(product, exact):
                return f"{rows}x{depth} times {depth}x{columns} ({order}) is wrong"
    return None


def openblas():
    """The OpenBLAS that this process has loaded, or None. NumPy's wheels bring one that renames all functions: not PyTorch's."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "openblas" in line}
    libraries = (ctypes.CDLL(path) for path in sorted(paths))
    return next((library for library in libraries if hasattr(library, "openblas_get_corename")), None)


def describe():
    """The BLAS of this process as a reader wants to know it: its version and the kernels that run."""
    library = openblas()
    if library is None:
        return "its own BLAS"
    library.openblas_get_config.restype = ctypes.c_char_p
    return " ".join(library.openblas_get_config().decode().split()[:2]) + f" ({kernels()})"


def kernels():
    library = openblas()
    if library is None:
        return None
    library.openblas_get_corename.restype = ctypes.c_char_p
    return library.openblas_get_corename().decode()


def trial():
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    multiply = lambda a, b: torch.mm(torch.from_numpy(a), torch.from_numpy(b)).numpy()
    print(json.dumps({"kernels": kernels(), "wrong": wrong_product(multiply)}), flush=True)
    pairs = [(torch.randn(m, k), torch.randn(k, n)) for m, k, n in TIMED]
    for _ in sys.stdin:
        print(json.dumps(sum(min(seconds(a, b, torch.mm) for _ in range(20)) for a, b in pairs)), flush=True)


def seconds(a, b, multiply):
    start = time.perf_counter()
    multiply(a, b)
    return time.perf_counter() - start


def start_trial(core_type, command):
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    if core_type is not None:
        environment["OPENBLAS_CORETYPE"] = core_type
    return subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def answer(process, question=""):
    """The next line of a trial, or None when it has died."""
    try:
        process.stdin.write(question)
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        return None
    return json.loads(line) if line else None


def choose(command=TRIAL, core_types=CORE_TYPES):
    """Tries every core type and gives the fastest right one; raises RuntimeError when there is none."""
    running, refused = {}, {}
    try:
        for core_type in core_types:
            process = start_trial(core_type, command)
            name = core_type or "automatic"
            first = answer(process)
            known = first and any(first["kernels"] == other["kernels"] for other, _, _ in running.values())
            if first is None:
                refused[name] = f"ended with {process.wait()}"
            elif first["wrong"]:
                refused[name] = first["wrong"]
            elif not known:
                running[name] = first, core_type, process
                if first["kernels"] is None:
                    break  # no OpenBLAS: there is nothing to choose
                continue
            process.kill()
        times = {name: [] for name in running}
        for _ in range(ROUNDS):
            for name, (_, _, process) in running.items():
                times[name].append(answer(process, "\n"))
    finally:
        for _, _, process in running.values():
            process.kill()
    for name in [name for name in times if None in times[name]]:
        refused[name] = "died while it was timed"
        del times[name]
    if not times:
        raise RuntimeError(f"no core type of OpenBLAS multiplies rightly: {refused}")
    medians = {name: statistics.median(times[name]) for name in times}
    best = min(medians, key=medians.get)
    by_kernels = {running[name][0]["kernels"]: value for name, value in medians.items()}
    first, core_type, _ = running[best]
    return {"coreType": core_type, "kernels": first["kernels"], "seconds": by_kernels, "refused": refused}


if __name__ == "__main__":
    if "--trial" in sys.argv:
        trial()
    else:
        print(json.dumps(choose()))
