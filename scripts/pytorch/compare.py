"""Computes the exported criteria with PyTorch's autograd in double precision and compares them with the exported scores.

    python3 scripts/pytorch/compare.py <folder written by export-scores.ts>

Needs numpy and torch. Prints a Markdown table: the largest difference over the largest score, the same in the 2-norm over all
weights, and the share of the kept weights that both keep at 90 % sparsity (global ranking).
"""

import json
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

DTYPES = {"F32": np.float32, "F64": np.float64, "I32": np.int32, "U8": np.uint8}


def read_safetensors(path):
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(raw[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors, metadata


def same_padding(size, window, stride, dilation):
    """TensorFlow's `same`: the odd pixel goes to the end."""
    total = max((math.ceil(size / stride) - 1) * stride + (window - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def pad(x, layer, window, dilation, value):
    if layer["padding"] == "valid":
        return x
    top, bottom = same_padding(x.shape[2], window[0], layer["strides"][0], dilation[0])
    left, right = same_padding(x.shape[3], window[1], layer["strides"][1], dilation[1])
    return F.pad(x, (left, right, top, bottom), value=value)


def conv2d(layer, x, kernel, bias):
    x = pad(x, layer, layer["kernelSize"], layer["dilation"], 0.0)
    weight = kernel.permute(3, 2, 0, 1)
    return F.conv2d(x, weight, bias, layer["strides"], 0, layer["dilation"], layer["groups"])


def batch_norm(layer, x, parameters, training):
    gamma, beta, mean, variance = (
        parameters[f"{layer['name']}/{role}"] for role in ("gamma", "beta", "movingMean", "movingVariance")
    )
    if training:
        return F.batch_norm(x, None, None, gamma, beta, True, 0.0, layer["epsilon"])
    return F.batch_norm(x, mean, variance, gamma, beta, False, 0.0, layer["epsilon"])


def subsample_pad(layer, x):
    x = x[:, :, :: layer["stride"], :: layer["stride"]]
    missing = layer["channels"] - x.shape[1]
    return F.pad(x, (0, 0, 0, 0, missing // 2, missing - missing // 2))


def forward(network, parameters, x, training=False, flow=False):
    """x is NHWC or [N, features]. With `flow` no biases, no nonlinearities, pooling by the mean: SynFlow's network."""
    outputs = {"input": x.permute(0, 3, 1, 2) if x.dim() == 4 else x}
    for layer in network["layers"]:
        x = outputs[layer["inputs"][0]]
        kind, name = layer["kind"], layer["name"]
        bias = parameters[f"{name}/bias"] if layer.get("useBias") and not flow else None
        if kind == "dense":
            y = F.linear(x, parameters[f"{name}/kernel"].t(), bias)
        elif kind == "conv2d":
            y = conv2d(layer, x, parameters[f"{name}/kernel"], bias)
        elif kind == "batchNorm":
            y = batch_norm(layer, x, parameters, training)
        elif kind == "activation":
            y = x if flow else getattr(torch, layer["activation"])(x)
        elif kind == "maxPool" and not flow:
            y = F.max_pool2d(pad(x, layer, layer["size"], (1, 1), -math.inf), layer["size"], layer["strides"])
        elif kind in ("avgPool", "maxPool"):
            if layer["padding"] == "same" and any(s % k for s, k in zip(x.shape[2:], layer["size"])):
                raise NotImplementedError(f"{name}: mean over ragged windows")
            y = F.avg_pool2d(x, layer["size"], layer["strides"])
        elif kind == "globalAveragePool":
            y = x.mean((2, 3))
        elif kind == "flatten":
            y = x.permute(0, 2, 3, 1).flatten(1)
        elif kind == "add":
            y = x + outputs[layer["inputs"][1]]
        elif kind == "subsamplePad":
            y = subsample_pad(layer, x)
        elif kind == "dropout":
            y = x
        else:
            raise NotImplementedError(kind)
        outputs[name] = last = y
    return last


class Subject:
    def __init__(self, tensors, metadata):
        self.network = json.loads(metadata["network"])
        get = lambda name: torch.from_numpy(tensors[name].copy())
        self.x = get("batch/x").double()
        self.y = get("batch/y").long()
        self.parameters = {
            name.split("/", 1)[1]: get(name).double() for name in tensors if name.startswith("parameters/")
        }
        self.kernels = [name for name in self.parameters if name.endswith("/kernel")]
        for name in self.kernels:
            self.parameters[name].requires_grad_(True)
        self.weights = [self.parameters[name] for name in self.kernels]

    def logits(self, x, training):
        return forward(self.network, self.parameters, x, training)


def snip(subject, training):
    loss = F.cross_entropy(subject.logits(subject.x, training), subject.y)
    saliencies = [(w * g).abs() for w, g in zip(subject.weights, torch.autograd.grad(loss, subject.weights))]
    total = sum(s.sum() for s in saliencies)
    return [s / total for s in saliencies]


def grasp(subject, training, temperature=200):
    loss = F.cross_entropy(subject.logits(subject.x, training) / temperature, subject.y)
    gradients = torch.autograd.grad(loss, subject.weights, create_graph=True)
    inner = sum((g.detach() * g).sum() for g in gradients)
    return [w * hg for w, hg in zip(subject.weights, torch.autograd.grad(inner, subject.weights))]


def synflow(subject):
    absolute = {
        name: value.detach().abs() if name.endswith(("kernel", "gamma", "movingVariance")) else torch.zeros_like(value)
        for name, value in subject.parameters.items()
    }
    weights = [absolute[name].requires_grad_(True) for name in subject.kernels]
    flow = forward(subject.network, absolute, torch.ones_like(subject.x[:1]), flow=True).sum()
    return [w * g for w, g in zip(weights, torch.autograd.grad(flow, weights))]


def squared_gradients(subject, scalars):
    """Sum of squared gradients over scalars, which come with the graph they need."""
    sums = [torch.zeros_like(w) for w in subject.weights]
    for scalar in scalars:
        for total, g in zip(sums, torch.autograd.grad(scalar, subject.weights, retain_graph=True)):
            total += g**2
    return sums


def saliency(subject, curvature):
    return [0.5 * w**2 * h / len(subject.x) for w, h in zip(subject.weights, curvature)]


def fisher_diagonal(subject):
    losses = (
        F.cross_entropy(subject.logits(x[None], False), y[None]) for x, y in zip(subject.x, subject.y)
    )
    return saliency(subject, squared_gradients(subject, losses))


def obd(subject):
    """The Gauss-Newton diagonal: the softmax Hessian diag(p) - p p^T is a sum of v v^T, v_k = sqrt(p_k) (e_k - p)."""

    def scalars():
        for x in subject.x:
            logits = subject.logits(x[None], False)[0]
            p = logits.detach().softmax(0)
            for k in range(len(p)):
                yield p[k].sqrt() * (logits[k] - (p * logits).sum())

    return saliency(subject, squared_gradients(subject, scalars()))


CRITERIA = {
    "snip-running": lambda subject: snip(subject, False),
    "snip-batch": lambda subject: snip(subject, True),
    "grasp-running": lambda subject: grasp(subject, False),
    "grasp-batch": lambda subject: grasp(subject, True),
    "synflow": synflow,
    "fisher-diagonal": fisher_diagonal,
    "obd": obd,
}


def flat(arrays):
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays])


def compare(path):
    tensors, metadata = read_safetensors(path)
    subject = Subject(tensors, metadata)
    for name, criterion in CRITERIA.items():
        theirs = flat([s.detach().numpy() for s in criterion(subject)])
        ours = flat([tensors[f"scores/{name}/{kernel}"] for kernel in subject.kernels])
        kept = flat([tensors[f"masks/{name}/{kernel}"] for kernel in subject.kernels]).astype(bool)
        if name == "synflow":  # ours are up to a common factor
            ours = ours * (theirs.sum() / ours.sum())
        largest = np.abs(ours - theirs).max() / np.abs(theirs).max()
        norm = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
        top = np.zeros(len(theirs), bool)
        top[np.argsort(-theirs, kind="stable")[: kept.sum()]] = True
        overlap = (top & kept).sum() / kept.sum()
        print(f"| {path.stem} | {name} | {largest:.1e} | {norm:.1e} | {100 * overlap:.3f} % |", flush=True)


if __name__ == "__main__":
    print("| network | criterion | largest difference | 2-norm | kept by both |")
    print("| - | - | - | - | - |")
    for file in sorted(pathlib.Path(sys.argv[1]).glob("*.safetensors")):
        compare(file)
