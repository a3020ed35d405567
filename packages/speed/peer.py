"""The peer of the speed benchmark: the same four networks, plainly written in PyTorch.

Reads one JSON request a line and answers one JSON line, so that the caller can alternate it with our side:

    {"network": "resnet-20", "mode": "train" | "eval", "layout": "nchw" | "channels_last", "steps": 5}
        -> {"seconds": [...]}
    {"job": "mnist", "images": path, "labels": path, ...}  -> see `mnist_job`

Threads are pinned by the caller through OMP_NUM_THREADS and OPENBLAS_NUM_THREADS: Debian's PyTorch calls a BLAS that
`torch.set_num_threads` alone does not bind. Which kernels that BLAS runs is the caller's choice too, see peer_blas.py;
the version in the first line says which do. With PRUNEBENCH_PEER_DEVICE=cuda the steps run on an NVIDIA card.
"""

import json
import os
import resource
import sys
import time

import torch
from torch import nn
import torch.nn.functional as F

import peer_blas

BATCH = 128
DEVICE = torch.device(os.environ.get("PRUNEBENCH_PEER_DEVICE", "cpu"))


def lenet_300_100():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10))


def lenet_5_caffe():
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.MaxPool2d(2), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10),
    )


class BasicBlock(nn.Module):
    """Option A: the shortcut takes every second pixel and pads the channels with zeros."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride, self.pad = stride, (channels - channels_in) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride != 1:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + x)


def resnet_20():
    layers, channels_in = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()], 16
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        for block in range(3):
            layers.append(BasicBlock(channels_in, channels, stride if block == 0 else 1))
            channels_in = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def vgg_16():
    layers, channels_in = [], 3
    for item in (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"):
        if item == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(channels_in, item, 3, 1, 1, bias=False), nn.BatchNorm2d(item), nn.ReLU()]
            channels_in = item
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512, 10))


NETWORKS = {
    "lenet-300-100": (lenet_300_100, (1, 28, 28)),
    "lenet-5-caffe": (lenet_5_caffe, (1, 28, 28)),
    "resnet-20": (resnet_20, (3, 32, 32)),
    "vgg-16": (vgg_16, (3, 32, 32)),
}
prepared = {}


def prepare(network, layout):
    """A network, its optimizer and one batch; kept for the next request."""
    if (network, layout) not in prepared:
        torch.manual_seed(0)
        build, shape = NETWORKS[network]
        model, x = build().to(DEVICE), torch.randn(BATCH, *shape).to(DEVICE)
        if layout == "channels_last":
            model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        prepared[network, layout] = model, optimizer, x, torch.randint(0, 10, (BATCH,)).to(DEVICE)
    return prepared[network, layout]


def train_step(model, optimizer, x, y):
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def time_steps(request):
    model, optimizer, x, y = prepare(request["network"], request["layout"])
    training = request["mode"] == "train"
    model.train(training)

    def evaluate():
        with torch.inference_mode():
            model(x).cpu()

    return timed(lambda: train_step(model, optimizer, x, y) if training else evaluate(), request["steps"])


def timed(run, repeats):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return {"seconds": seconds}


def read_idx(path, header):
    return torch.frombuffer(bytearray(open(path, "rb").read()[header:]), dtype=torch.uint8)


def mnist_job(request):
    """LeNet-300-100 on MNIST, as one would write it: data in memory, a permutation per epoch, evaluation after each."""
    start = time.perf_counter()
    count, epochs = request["trainImages"], request["epochs"]
    images = lambda path: (read_idx(path, 16).reshape(-1, 1, 28, 28).float() / 255 - 0.1307) / 0.3081
    labels = lambda path: read_idx(path, 8).long()
    x, y = images(request["files"]["trainImages"])[:count], labels(request["files"]["trainLabels"])[:count]
    test_x, test_y = images(request["files"]["testImages"]), labels(request["files"]["testLabels"])
    torch.manual_seed(request["seed"])
    model = lenet_300_100()
    optimizer = torch.optim.SGD(model.parameters(), lr=request["learningRate"], momentum=0.9)
    accuracy = 0.0
    for _ in range(epochs):
        model.train()
        order = torch.randperm(count)
        for first in range(0, count, BATCH):
            picked = order[first : first + BATCH]
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(model(x[picked]), y[picked])
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.inference_mode():
            correct = sum(
                (model(test_x[i : i + 1000]).argmax(1) == test_y[i : i + 1000]).sum().item() for i in range(0, len(test_x), 1000)
            )
        accuracy = 100 * correct / len(test_x)
    return {"seconds": time.perf_counter() - start, "accuracy": accuracy}


def gemm(request):
    """GFLOP/s of a square matrix product: the machine's ceiling as the peer's BLAS reaches it."""
    n = request["size"]
    a, b = torch.randn(n, n), torch.randn(n, n)
    torch.mm(a, b)
    best = min(timed(lambda: torch.mm(a, b), request["repeats"])["seconds"])
    return {"gflops": 2 * n**3 / best / 1e9}


JOBS = {"steps": time_steps, "mnist": mnist_job, "gemm": gemm}

if __name__ == "__main__":
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    device = torch.cuda.get_device_name(DEVICE) if DEVICE.type == "cuda" else peer_blas.describe()
    print(json.dumps({"ready": True, "version": f"{torch.__version__}, {device}"}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer = JOBS[request["job"]](request)
        answer["residentMiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(answer), flush=True)
