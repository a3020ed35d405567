"""The peers of the sparse benchmark: products of a sparse matrix with a dense batch in PyTorch (dense, CSR, COO) and SciPy
(CSR), and PyTorch's dense networks at any batch size.

Reads one JSON request a line and answers one JSON line:

    {"job": "product", "kind": "dense" | "csr" | "coo" | "scipy", "rows": r, "columns": c, "n": n, "density": d, "repeats": k}
    {"job": "eval" | "train", "network": "resnet-20", "batchSize": 128, "layout": "nchw" | "channels_last", "repeats": k}
        -> {"seconds": [...]}, or {"error": "..."} for what this installation cannot do

Threads and BLAS kernels are pinned by the caller, see peer.py; SciPy's product has one thread only.
"""

import json
import os
import sys
import warnings
from functools import lru_cache

import numpy as np
import torch

import peer_blas
from peer import NETWORKS, timed, train_step

try:
    import scipy.sparse
except ImportError:
    scipy = None


def product(request):
    run = prepare_product(*(request[name] for name in ("kind", "rows", "columns", "n", "density")))
    return timed(run, request["repeats"])


@lru_cache(maxsize=4)  # those that take turns
def prepare_product(kind, rows, columns, n, density):
    random = np.random.default_rng(0)
    matrix = random.standard_normal((rows, columns), dtype=np.float32) * (random.random((rows, columns)) < density)
    x = random.standard_normal((columns, n), dtype=np.float32)
    if kind == "scipy":
        if scipy is None:
            raise RuntimeError("SciPy is not installed")
        csr = scipy.sparse.csr_matrix(matrix)
        return lambda: csr @ x
    dense, batch = torch.from_numpy(matrix), torch.from_numpy(x)
    if kind == "dense":
        return lambda: torch.mm(dense, batch)
    sparse = dense.to_sparse_csr() if kind == "csr" else dense.to_sparse().coalesce()
    return lambda: torch.mm(sparse, batch)


def network_steps(request):
    run = prepare_network(*(request[name] for name in ("job", "network", "batchSize", "layout")))
    return timed(run, request["repeats"])


@lru_cache(maxsize=2)  # both layouts
def prepare_network(job, network, batch_size, layout):
    torch.manual_seed(0)
    build, shape = NETWORKS[network]
    model, x = build(), torch.randn(batch_size, *shape)
    if layout == "channels_last":
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    model.train(job == "train")
    if job == "train":
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        y = torch.randint(0, 10, (batch_size,))
        return lambda: train_step(model, optimizer, x, y)

    def evaluate():
        with torch.inference_mode():
            model(x)

    return evaluate


JOBS = {"product": product, "eval": network_steps, "train": network_steps}

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # PyTorch calls its CSR tensors beta
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    version = f"PyTorch {torch.__version__}, {peer_blas.describe()}, SciPy {scipy.__version__ if scipy else 'missing'}"
    print(json.dumps({"ready": True, "version": version}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = JOBS[request["job"]](request)
        except RuntimeError as error:
            answer = {"error": str(error).splitlines()[0]}
        print(json.dumps(answer), flush=True)
