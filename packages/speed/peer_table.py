"""The peer of whole tables: the trials of a benchmark's table in plain PyTorch, as a researcher would write them.

    python3 peer_table.py job.json --variant plain|sharing --processes 2 --out result.json
    python3 peer_table.py job.json --variant plain|sharing --plan      what it would compute, task by task
    python3 peer_table.py --answer                                     answers questions of the tests, a line each

The job (src/tables/job.ts) holds every step of every trial: trainings, pruning, fresh weights, and where accuracy is asked
for. Images are tensors in memory before the processes part, so they share them; each computes with one thread on trials
of its own. Masks lie on dense weights: what is pruned is set to 0 after every update.

`plain` trains the dense network of a seed once and keeps it, as everybody does; `sharing` computes every beginning that
trials have in common once, as Prunebench does: the rounds of iterative pruning on the way to different targets.
"""

import argparse
import json
import math
import multiprocessing
import multiprocessing.connection
import os
import sys
import tempfile

import numpy as np
import torch
from torch import nn
import torch.nn.functional as F

import peer_blas
from peer import BasicBlock, lenet_300_100, lenet_5_caffe

# Larger than ours, which is no faster with more.
EVALUATION_BATCH = 1000
PADDING = 4


def resnet_20(width=1.0):
    filters = [max(1, round(width * count)) for count in (16, 32, 64)]
    layers, channels_in = [nn.Conv2d(3, filters[0], 3, 1, 1, bias=False), nn.BatchNorm2d(filters[0]), nn.ReLU()], filters[0]
    for channels, stride in zip(filters, (1, 2, 2)):
        for block in range(3):
            layers.append(BasicBlock(channels_in, channels, stride if block == 0 else 1))
            channels_in = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(filters[2], 10))


NETWORKS = {"lenet-300-100": lenet_300_100, "lenet-5-caffe": lenet_5_caffe, "resnet-20": resnet_20}


def build(network):
    name, _, width = network.partition("-w")
    return NETWORKS[name](*([float(width)] if width else []))


def kernels_of(model):
    """The prunable weights, in the order of the layers."""
    return [module.weight for module in model.modules() if isinstance(module, (nn.Linear, nn.Conv2d))]


def initialize(model, initializer):
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            if initializer == "glorot-normal":
                nn.init.xavier_normal_(module.weight)
            elif initializer == "he-normal":
                nn.init.kaiming_normal_(module.weight)
            else:
                raise ValueError(f"there is no initializer {initializer} here")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


# --- Learning rates: the same functions of the step as in packages/training/src/iteration/learning-rate.ts.


def learning_rate(options, step, total):
    warmup = js_round(options["warmup"] * total)
    rise = (step + 1) / warmup if step < warmup else 1.0
    return options["learningRate"] * rise * rate_factor(options["schedule"], step, total)


def rate_factor(schedule, step, total):
    kind = schedule["kind"]
    if kind == "constant":
        return 1.0
    if kind == "step":
        return schedule["factor"] ** sum(step >= js_round(share * total) for share in schedule["boundaries"])
    if kind == "linear":
        share = max(0.0, step / total - schedule["from"]) / (1 - schedule["from"])
        return 1 + (schedule["finalFactor"] - 1) * share
    if kind == "cosine":
        return cosine(1.0, schedule["finalFactor"], step / total)
    if kind == "one-cycle":
        top = schedule["peak"] * total - 1
        if step < top:
            return cosine(schedule["startFactor"], 1.0, step / top)
        fall = total - 1 - top
        return cosine(1.0, schedule["finalFactor"], (step - top) / fall if fall > 0 else 0.0)
    raise ValueError(f"there is no schedule {kind} here")


def cosine(start, end, share):
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def js_round(value):
    return math.floor(value + 0.5)


# --- Which weights stay: magnitude pruning as in packages/core/src/pruning/select.ts.


def select(scores, masks, options):
    """Masks after pruning: `scores` and `masks` are a tensor for each kernel; sparsities are of all of them together."""
    size = sum(mask.numel() for mask in masks)
    keep = size - js_round(options["sparsity"] * size)
    if options["scope"] == "global":
        return keep_highest(scores, masks, keep)
    densities = allocate([tuple(mask.shape) for mask in masks], options["sparsity"], options["allocation"])
    quotas = [density * mask.numel() for density, mask in zip(densities, masks)]
    counts = largest_remainder(quotas, keep, [int(mask.sum().item()) for mask in masks])
    return [keep_highest([score], [mask], count)[0] for score, mask, count in zip(scores, masks, counts)]


def keep_highest(scores, masks, keep):
    flat = torch.cat([torch.where(mask > 0, score, score.new_tensor(-1.0)).flatten() for score, mask in zip(scores, masks)])
    kept = torch.zeros_like(flat, dtype=torch.float32)
    kept[torch.topk(flat, keep, sorted=False).indices] = 1.0
    parts = torch.split(kept, [mask.numel() for mask in masks])
    return [part.reshape(mask.shape).contiguous() for part, mask in zip(parts, masks)]


def allocate(shapes, sparsity, allocation):
    """Densities of the layers; the factor of ERK is solved again for the others where a layer would be more than dense."""
    if allocation == "uniform":
        return [1 - sparsity] * len(shapes)
    sizes = [math.prod(shape) for shape in shapes]
    raw = [sum(shape) / size for shape, size in zip(shapes, sizes)]
    budget, dense = (1 - sparsity) * sum(sizes), set()
    while len(dense) < len(shapes):
        free = [layer for layer in range(len(shapes)) if layer not in dense]
        epsilon = (budget - sum(sizes[layer] for layer in dense)) / sum(raw[layer] * sizes[layer] for layer in free)
        largest = max(raw[layer] for layer in free)
        if epsilon * largest <= 1:
            return [1.0 if layer in dense else epsilon * raw[layer] for layer in range(len(shapes))]
        dense |= {layer for layer in free if raw[layer] == largest}
    return [1.0] * len(shapes)


def largest_remainder(quotas, total, limits):
    counts = [min(limit, math.floor(quota + 1e-9 * max(1.0, quota))) for quota, limit in zip(quotas, limits)]
    while sum(counts) != total:
        step = 1 if sum(counts) < total else -1
        able = [i for i in range(len(counts)) if (counts[i] < limits[i] if step > 0 else counts[i] > 0)]
        counts[max(able, key=lambda i: step * (quotas[i] - counts[i]))] += step
    return counts


def shuffled(before, after):
    """As many weights of each layer as in `after`, drawn among those of `before`."""
    masks = []
    for old, new in zip(before, after):
        alive = old.flatten().nonzero().flatten()
        mask = torch.zeros(old.numel())
        mask[alive[torch.randperm(len(alive))[: int(new.sum().item())]]] = 1.0
        masks.append(mask.reshape(old.shape))
    return masks


# --- Data: tensors in memory, read before the processes part.


class Split:
    def __init__(self, files, shape):
        self.y = torch.from_numpy(np.fromfile(files["labels"], dtype=np.int32).astype(np.int64))
        # Channels last, as they are stored, and as convolutions are fastest here.
        self.x = torch.from_numpy(np.fromfile(files["images"], dtype=np.float32)).reshape(len(self.y), *shape)
        self.size = len(self.y)

    def batch(self, indices):
        return self.x.index_select(0, indices).permute(0, 3, 1, 2), self.y.index_select(0, indices)

    def batches(self, size):
        for x, y in zip(self.x.split(size), self.y.split(size)):
            yield x.permute(0, 3, 1, 2), y


class Crops:
    """Random windows of padded images, mirrored at random, a whole batch at once."""

    def __init__(self, split):
        n, self.height, self.width, channels = split.x.shape
        black = split.x.amin(dim=(0, 1, 2))
        self.padded = black.repeat(n, self.height + 2 * PADDING, self.width + 2 * PADDING, 1)
        self.padded[:, PADDING:-PADDING, PADDING:-PADDING] = split.x

    def batch(self, indices):
        n = len(indices)
        rows = torch.randint(2 * PADDING + 1, (n, 1)) + torch.arange(self.height)
        columns = torch.randint(2 * PADDING + 1, (n, 1)) + torch.arange(self.width)
        columns = torch.where(torch.rand(n, 1) < 0.5, columns.flip(1), columns)
        windows = self.padded[indices[:, None, None], rows[:, :, None], columns[:, None, :]]
        return windows.permute(0, 3, 1, 2)


class Data:
    def __init__(self, job):
        shape = job["inputShape"]
        self.splits = {name: Split(files, shape) for name, files in job["splits"].items()}
        augmented = any(node["step"]["options"].get("augmentation") == "crop-flip" for node in job["nodes"])
        self.crops = Crops(self.splits["train"]) if augmented else None


# --- Trials.


class Trial:
    """A network on its way through the steps of a trial."""

    def __init__(self, job, data, network, seed, key):
        torch.manual_seed(int(key[:12], 16))
        self.job, self.data = job, data
        self.model = build(network)
        self.convolutional = any(isinstance(module, nn.Conv2d) for module in self.model.modules())
        if self.convolutional:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.initializer = job["networks"][network]
        torch.manual_seed(seed)
        initialize(self.model, self.initializer)
        torch.manual_seed(int(key[:12], 16))
        self.kernels = kernels_of(self.model)
        self.masks = None
        self.steps = 0

    def state(self):
        return {"model": self.model.state_dict(), "masks": self.masks}

    def restore(self, state):
        self.model.load_state_dict(state["model"])
        self.masks = state["masks"]

    def take(self, step):
        options = step["options"]
        if step["kind"] == "train":
            self.train(options)
        elif step["kind"] == "prune":
            self.prune(options)
        elif step["kind"] == "reinitialize":
            initialize(self.model, self.initializer)
            self.apply_masks()
        else:
            raise ValueError(f"there is no step {step['kind']} here")

    def apply_masks(self):
        if self.masks is not None:
            with torch.no_grad():
                torch._foreach_mul_(self.kernels, self.masks)

    def prune(self, options):
        before = self.masks or [torch.ones_like(kernel) for kernel in self.kernels]
        weights = [kernel.detach().clone() for kernel in self.kernels] if options["shuffle"] else []
        masks = before
        for sparsity in [*options["via"], options["sparsity"]]:
            masks = self.masks = select(self.scores(options), masks, {**options, "sparsity": sparsity})
            self.apply_masks()
        if options["shuffle"]:
            masks = shuffled(before, masks)
            with torch.no_grad():
                for kernel, weight in zip(self.kernels, weights):
                    kernel.copy_(weight)
        if not options["allowLayerCollapse"] and any(mask.sum() == 0 for mask in masks):
            raise Collapse()
        self.masks = None if all(mask.all() for mask in masks) else masks
        self.apply_masks()

    def scores(self, options):
        criterion, own = options["criterion"], options["criterionOptions"]
        if criterion == "magnitude":
            return [kernel.detach().abs() for kernel in self.kernels]
        if criterion == "random":
            return [torch.rand_like(kernel) for kernel in self.kernels]
        if criterion in ("snip", "gradient-magnitude"):
            return self.weight_times_gradient(own)
        raise ValueError(f"there is no criterion {criterion} here")

    def weight_times_gradient(self, options):
        split = self.data.splits["calibration"]
        norms = [module for module in self.model.modules() if isinstance(module, nn.BatchNorm2d)]
        self.model.train(options["statistics"] == "batch")
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.momentum = 0.0
        sums = [torch.zeros_like(kernel) for kernel in self.kernels]
        order = torch.randperm(split.size)
        for indices in order.split(options["batchSize"])[: options["batches"]]:
            x, y = split.batch(indices)
            self.model.zero_grad(set_to_none=True)
            F.cross_entropy(self.model(x), y).backward()
            torch._foreach_add_(sums, [kernel.grad for kernel in self.kernels])
        for norm, momentum in zip(norms, momenta):
            norm.momentum = momentum
        return [(kernel.detach() * total).abs() for kernel, total in zip(self.kernels, sums)]

    def train(self, options):
        data, split, batch_size = self.data, self.data.splits["train"], options["batchSize"]
        per_epoch = math.ceil(split.size / batch_size)
        total = max(1, js_round(options["epochs"] * per_epoch))
        optimizer = self.optimizer(options)
        groups, model, kernels, masks = optimizer.param_groups, self.model, self.kernels, self.masks
        augmented = options["augmentation"] == "crop-flip"
        best, best_state, best_step, step = -1.0, None, -1, 0
        while step < total:
            model.train()
            for indices in torch.randperm(split.size).split(batch_size)[: total - step]:
                if augmented:
                    x, y = data.crops.batch(indices), split.y.index_select(0, indices)
                else:
                    x, y = split.batch(indices)
                rate = learning_rate(options, step, total)
                for group in groups:
                    group["lr"] = rate
                optimizer.zero_grad(set_to_none=True)
                loss = F.cross_entropy(model(x), y)
                loss.backward()
                optimizer.step()
                if masks is not None:
                    with torch.no_grad():
                        torch._foreach_mul_(kernels, masks)
                step += 1
            if not math.isfinite(loss.item()):
                raise Diverged()
            if options["evaluate"] == "epoch" or step == total:
                accuracy, _ = self.evaluate("validation")
                if accuracy > best:
                    best, best_step = accuracy, step
                    # The last one needs no copy.
                    best_state = None if step == total else {k: v.clone() for k, v in model.state_dict().items()}
        self.steps += total
        # The best epoch's accuracy on the test split is reported beside the last one's.
        if best_step == total:
            self.evaluate("test")
        else:
            last = {k: v.clone() for k, v in model.state_dict().items()}
            model.load_state_dict(best_state)
            self.evaluate("test")
            model.load_state_dict(last)

    def optimizer(self, options):
        named = {id(kernel) for kernel in self.kernels}
        others = [parameter for parameter in self.model.parameters() if id(parameter) not in named]
        groups = [{"params": self.kernels, "weight_decay": options["weightDecay"]}, {"params": others, "weight_decay": 0.0}]
        how = options["optimizer"]
        if how["kind"] == "sgd":
            return torch.optim.SGD(groups, lr=1.0, momentum=how["momentum"], nesterov=how["nesterov"], foreach=True)
        kind = torch.optim.Adam if how["kind"] == "adam" else torch.optim.AdamW
        return kind(groups, lr=1.0, betas=(how["beta1"], how["beta2"]), eps=how["epsilon"], foreach=True)

    def evaluate(self, name):
        """Accuracy in percent and mean loss."""
        split = self.data.splits[name]
        self.model.eval()
        correct, loss = 0, 0.0
        with torch.inference_mode():
            for x, y in split.batches(EVALUATION_BATCH):
                outputs = self.model(x)
                correct += (outputs.argmax(1) == y).sum().item()
                loss += F.cross_entropy(outputs, y, reduction="sum").item()
        return 100 * correct / split.size, loss / split.size


class Diverged(Exception):
    """A loss is not finite: the trial has no accuracy."""


class Collapse(Exception):
    """A layer has lost all its weights where that is not allowed."""


# --- Which process does what.


def tasks_of(job, variant):
    """Chains of steps, each a task: {"nodes", "parent" (a task's key or None), "trials" that end with it}."""
    nodes = {node["key"]: node for node in job["nodes"]}
    ends = {}
    for trial in job["trials"]:
        ends.setdefault(trial["nodes"][-1], []).append(trial["name"])
    if variant == "sharing":
        return [
            {"key": key, "nodes": [node], "parent": node["parent"], "trials": ends.get(key, [])} for key, node in nodes.items()
        ]
    tasks = {}
    for trial in job["trials"]:
        chain = [nodes[key] for key in trial["nodes"]]
        first = chain[0]
        dense = first["step"]["kind"] == "train" and len(chain) > 1
        if dense:
            tasks.setdefault(first["key"], {"key": first["key"], "nodes": [first], "parent": None, "trials": []})
        key = chain[-1]["key"]
        own = {"key": key, "nodes": chain[1:] if dense else chain, "parent": first["key"] if dense else None, "trials": ends[key]}
        tasks.setdefault(key, own)
    return list(tasks.values())


def training_steps(job, task):
    """How many updates a task makes."""
    size = job["trainExamples"]
    trainings = [node["step"]["options"] for node in task["nodes"] if node["step"]["kind"] == "train"]
    return sum(max(1, js_round(o["epochs"] * math.ceil(size / o["batchSize"]))) for o in trainings)


def run_task(job, data, folder, task, has_children):
    first, last = task["nodes"][0], task["nodes"][-1]
    trial = Trial(job, data, first["network"], first["seed"], last["key"])
    if task["parent"] is not None:
        trial.restore(torch.load(os.path.join(folder, task["parent"])))
    accuracy = None
    try:
        for node in task["nodes"]:
            trial.take(node["step"])
            if node["evaluate"]:
                trial.evaluate("validation")
                accuracy, _ = trial.evaluate("test")
    except (Diverged, Collapse) as error:
        return {"key": task["key"], "failure": type(error).__name__, "steps": trial.steps}
    if has_children:
        torch.save(trial.state(), os.path.join(folder, task["key"]))
    return {"key": task["key"], "accuracy": accuracy, "steps": trial.steps}


def work(connection, job, data, folder):
    torch.set_flush_denormal(True)
    torch.set_num_threads(1)
    while True:
        message = connection.recv()
        if message is None:
            return
        connection.send(run_task(job, data, folder, *message))


def compute(job, variant, processes):
    """Gives every process the first task that can go on, in the order of the trials."""
    tasks = tasks_of(job, variant)
    parents = {task["parent"] for task in tasks}
    data = Data(job)
    results, done, waiting = {}, set(), list(tasks)
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        workers = {}
        for _ in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(theirs, job, data, folder), daemon=True)
            process.start()
            workers[ours] = process
        idle, busy = list(workers), {}
        while waiting or busy:
            while idle:
                task = next((task for task in waiting if task["parent"] is None or task["parent"] in done), None)
                if task is None:
                    break
                waiting.remove(task)
                failure = results.get(task["parent"], {}).get("failure")
                if failure:
                    results[task["key"]] = {"failure": failure, "steps": 0}
                    done.add(task["key"])
                    continue
                connection = idle.pop()
                connection.send((task, task["key"] in parents))
                busy[connection] = task
            if not busy:
                continue
            for connection in multiprocessing.connection.wait(list(busy)):
                task = busy.pop(connection)
                results[task["key"]] = connection.recv()
                done.add(task["key"])
                idle.append(connection)
        for connection, process in workers.items():
            connection.send(None)
            process.join()
    trials = [{"name": name, **{k: results[task["key"]].get(k) for k in ("accuracy", "failure")}} for task in tasks for name in task["trials"]]
    return {"trials": trials, "steps": sum(result["steps"] for result in results.values())}


def answer(question):
    """What the tests ask: see test/tables.test.ts."""
    if question["ask"] == "rates":
        return [learning_rate(question["options"], step, question["total"]) for step in range(question["total"])]
    if question["ask"] == "select":
        tensors = lambda lists: [torch.tensor(values, dtype=torch.float64).reshape(shape) for values, shape in zip(lists, question["shapes"])]
        masks = select(tensors(question["scores"]), tensors(question["masks"]), question["options"])
        return [[int(bit) for bit in mask.flatten().tolist()] for mask in masks]
    raise ValueError(f"there is no answer to {question['ask']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("job", nargs="?")
    parser.add_argument("--variant", choices=("plain", "sharing"), default="plain")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out")
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--answer", action="store_true")
    given = parser.parse_args()
    if given.answer:
        for line in sys.stdin:
            print(json.dumps(answer(json.loads(line))), flush=True)
        return
    with open(given.job) as file:
        job = json.load(file)
    if given.plan:
        tasks = tasks_of(job, given.variant)
        print(json.dumps([{"key": t["key"], "parent": t["parent"], "trials": t["trials"], "steps": training_steps(job, t)} for t in tasks]))
        return
    result = {"version": f"{torch.__version__}, {peer_blas.describe()}", **compute(job, given.variant, given.processes)}
    with open(given.out, "w") as file:
        json.dump(result, file)


if __name__ == "__main__":
    main()
