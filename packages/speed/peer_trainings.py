"""The peer of the methods' trainings: SET and sparse variational dropout on LeNet-300-100 as PyTorch's users write them.

Reads one JSON request a line and answers one JSON line. Both sides begin with the same weights, masks and batch, so that
they can be compared before they are timed:

    {"job": "begin", "start": {"training": "set" | "variational", ...}}
        -> {"forms": [...]}, for the requests after it; see `Start`
    {"job": "step" | "event", "form": form, "repeats": k}        -> {"seconds": [...]}
    {"job": "check-set", "form": form, "steps": k}               -> what `check_set` says
    {"job": "check-variational", "form": form, "noise": [...]}   -> {"losses": [...]}, one for each step's noise
    {"job": "gemm", ...}                                         -> see peer.py

A form is one of several plain ways to write the same training; the caller takes the fastest. Threads and BLAS kernels are
pinned by the caller, see peer.py.
"""

import json
import os
import sys

import torch
import torch.nn.functional as F

import peer_blas
from peer import gemm, lenet_300_100, timed

TINY = 1e-8


class Start:
    """Weights, masks and batch as the caller sends them, which has kernels as [inputs, outputs] where PyTorch has [outputs, inputs]."""

    def __init__(self, sent):
        self.training = {"set": Set, "variational": Variational}[sent["training"]]
        self.kernels = [turned(kernel["shape"], kernel["values"]) for kernel in sent["kernels"]]
        shapes = [kernel["shape"] for kernel in sent["kernels"]]
        self.biases = [torch.tensor(bias, dtype=torch.float32) for bias in sent["biases"]]
        self.masks = [turned(shape, mask) for shape, mask in zip(shapes, sent["masks"])]
        self.log_variances = [turned(shape, values) for shape, values in zip(shapes, sent["logVariances"])]
        self.x = torch.tensor(sent["x"], dtype=torch.float32).reshape(-1, 1, 28, 28)
        self.y = torch.tensor(sent["y"])
        self.options = sent["options"]


def turned(shape, values):
    return torch.tensor(values, dtype=torch.float32).reshape(shape).t().contiguous()


class Set:
    """Dense layers under 0/1 masks, momentum SGD, and after every epoch an exchange of weights."""

    # Masking the weights after each update takes one pass over them; masking them in the forward pass takes one more back, but
    # leaves the update as it is. Which is faster, and whether `foreach` pays for six tensors, is the machine's affair.
    FORMS = {
        "masked after the update": (False, False),
        "masked after the update, foreach": (False, True),
        "masked in the forward pass": (True, False),
        "masked in the forward pass, foreach": (True, True),
    }

    def __init__(self, start, form):
        self.in_forward, foreach = self.FORMS[form]
        self.x, self.y, self.fraction = start.x, start.y, start.options["fraction"]
        self.model = lenet_300_100()
        self.layers = [self.model[i] for i in (1, 3, 5)]
        self.weights = [layer.weight for layer in self.layers]
        self.masks = [mask.clone() for mask in start.masks]
        with torch.no_grad():
            for layer, kernel, bias, mask in zip(self.layers, start.kernels, start.biases, self.masks):
                layer.weight.copy_(kernel * mask)
                layer.bias.copy_(bias)
        rate, momentum = start.options["learningRate"], start.options["momentum"]
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=rate, momentum=momentum, foreach=foreach)

    def forward(self):
        if not self.in_forward:
            return self.model(self.x)
        h = self.x.flatten(1)
        for i, (layer, mask) in enumerate(zip(self.layers, self.masks)):
            h = F.linear(h if i == 0 else F.relu(h), layer.weight * mask, layer.bias)
        return h

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.forward(), self.y)
        loss.backward()
        self.optimizer.step()
        if not self.in_forward:
            with torch.no_grad():
                torch._foreach_mul_(self.weights, self.masks)
        return loss.item()

    @torch.no_grad()
    def event(self):
        """Each layer closes the smallest of its positive and of its negative weights, and opens as many places at random."""
        for weight, mask in zip(self.weights, self.masks):
            flat, places = weight.view(-1), mask.view(-1)
            live = places.nonzero().squeeze(1)
            if len(live) == len(places):
                continue  # nothing to exchange
            values = flat[live]
            closing = []
            for part in (live[values >= 0], live[values < 0]):
                count = int(self.fraction * len(part))
                closing.append(part[flat[part].abs().topk(count, largest=False, sorted=False).indices])
            closing = torch.cat(closing)
            places[closing] = 0
            free = (places == 0).nonzero().squeeze(1)
            places[free[torch.randperm(len(free))[: len(closing)]]] = 1
            weight.mul_(mask)
        # A new optimizer, as theirs: nothing is remembered.
        self.optimizer.state.clear()


class Variational:
    """Sparse variational dropout: every layer's output drawn from the Gaussian that its noisy weights give, as Molchanov's programs do."""

    # Two ways to write the softplus of the divergence, and Adam tensor by tensor or over lists of tensors.
    FORMS = {
        "softplus": ("softplus", False),
        "softplus, foreach": ("softplus", True),
        "log-sigmoid": ("logsigmoid", False),
        "log-sigmoid, foreach": ("logsigmoid", True),
    }

    def __init__(self, start, form):
        self.softplus, foreach = self.FORMS[form]
        self.options = options = start.options
        self.x, self.y = start.x.flatten(1), start.y
        self.theta = [kernel.clone().requires_grad_() for kernel in start.kernels]
        self.log_variance = [values.clone().requires_grad_() for values in start.log_variances]
        self.bias = [bias.clone().requires_grad_() for bias in start.biases]
        self.optimizer = torch.optim.Adam(
            self.theta + self.log_variance + self.bias,
            lr=options["learningRate"],
            betas=(options["beta1"], options["beta2"]),
            eps=options["epsilon"],
            foreach=foreach,
        )

    def divergence(self, log_alpha):
        """Their approximation, equation 14, up to a constant; 1 - sigmoid(z) as sigmoid(-z), which saves a pass."""
        half = F.softplus(-log_alpha).sum() if self.softplus == "softplus" else -F.logsigmoid(log_alpha).sum()
        return 0.63576 * torch.sigmoid(-1.48695 * log_alpha - 1.8732).sum() + 0.5 * half

    def step(self, noise=None):
        self.optimizer.zero_grad(set_to_none=True)
        h, divergence, clip = self.x, 0.0, self.options["clip"]
        for i, (theta, log_variance, bias) in enumerate(zip(self.theta, self.log_variance, self.bias)):
            # Taken once for both that need it: which weights carry no information, and the divergence.
            log_alpha = (log_variance - torch.log(theta.square() + TINY)).clamp(-clip, clip)
            informative = theta.masked_fill(log_alpha.detach() >= self.options["threshold"], 0.0)
            mean = F.linear(h, informative, bias)
            deviation = torch.sqrt(F.linear(h.square(), log_variance.exp()) + TINY)
            h = mean + deviation * (torch.randn_like(mean) if noise is None else noise[i])
            if i < 2:
                h = F.relu(h)
            divergence = divergence + self.divergence(log_alpha)
        loss = F.cross_entropy(h, self.y) + divergence / self.options["trainingExamples"]
        loss.backward()
        self.optimizer.step()
        return loss.item()


def check_set(request):
    """A training of some steps, an event, and as many steps again: its losses, and what the event has done, layer by layer."""
    training = start.training(start, request["form"])
    before = [mask.clone() for mask in training.masks]
    losses = [training.step() for _ in range(request["steps"])]
    training.event()
    slots = [slot for slots in training.optimizer.state.values() for slot in slots.values() if slot is not None]
    remembered = sum(slot.count_nonzero().item() for slot in slots)
    later = [training.step() for _ in range(request["steps"])]
    masks = training.masks
    return {
        "losses": losses,
        "lossesAfter": later,
        "kept": [int(mask.sum().item()) for mask in masks],
        "left": [int((old * (1 - mask)).sum().item()) for old, mask in zip(before, masks)],
        "strays": sum((weight * (1 - mask)).count_nonzero().item() for weight, mask in zip(training.weights, masks)),
        "remembered": remembered,
    }


def check_variational(request):
    """The losses of steps with given noise, the same that the other side takes."""
    training = start.training(start, request["form"])
    widths = [len(bias) for bias in start.biases]
    steps = [[torch.tensor(one, dtype=torch.float32).reshape(-1, width) for one, width in zip(step, widths)] for step in request["noise"]]
    return {"losses": [training.step(noise) for noise in steps]}


def begin(request):
    global start
    start = Start(request["start"])
    running.clear()
    return {"forms": list(start.training.FORMS)}


def training_of(form):
    if form not in running:
        running[form] = start.training(start, form)
    return running[form]


start = None
running = {}
JOBS = {
    "begin": begin,
    "step": lambda request: timed(training_of(request["form"]).step, request["repeats"]),
    "event": lambda request: timed(training_of(request["form"]).event, request["repeats"]),
    "check-set": check_set,
    "check-variational": check_variational,
    "gemm": gemm,
}

def main():
    # Before any other thread begins, as they inherit it: moments of weights without a gradient fade into numbers so small
    # that processors compute with them a hundred times as slowly.
    torch.set_flush_denormal(True)
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(0)
    print(json.dumps({"ready": True, "version": f"{torch.__version__}, {peer_blas.describe()}"}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(JOBS[request["job"]](request)), flush=True)


if __name__ == "__main__":
    main()
