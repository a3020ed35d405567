"""The peer of the trainings with more forms, each of which does less than it should: the comparison must refuse them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import torch

import peer_trainings as peer


class LazySet(peer.Set):
    LACKS = "nothing is exchanged", "nothing opens", "the optimizer remembers", "weights grow under the mask", "nothing is trained"
    FORMS = {**peer.Set.FORMS, **{lack: (False, False) for lack in LACKS}}

    def __init__(self, start, form):
        super().__init__(start, form)
        self.lack = form

    def step(self):
        if self.lack == "weights grow under the mask":
            self.in_forward = True  # after the update nothing is masked then
            self.forward = lambda: self.model(self.x)
        if self.lack == "nothing is trained":
            self.optimizer.step = lambda: None
        return super().step()

    @torch.no_grad()
    def event(self):
        if self.lack == "nothing is exchanged":
            return self.optimizer.state.clear()
        before, remembered = [mask.clone() for mask in self.masks], dict(self.optimizer.state)
        super().event()
        if self.lack == "nothing opens":
            for weight, mask, old in zip(self.weights, self.masks, before):
                mask.mul_(old)
                weight.mul_(mask)
        if self.lack == "the optimizer remembers":
            self.optimizer.state.update(remembered)


class LazyVariational(peer.Variational):
    LACKS = "no divergence", "weights without information stay", "no noise", "nothing is trained", "log variances stay"
    FORMS = {**peer.Variational.FORMS, **{lack: ("softplus", False) for lack in LACKS}}

    def __init__(self, start, form):
        super().__init__(start, form)
        self.lack = form
        if form == "weights without information stay":
            self.options = {**self.options, "threshold": 99}
        if form == "nothing is trained":
            self.optimizer.step = lambda: None
        if form == "log variances stay":
            for log_variance in self.log_variance:
                log_variance.requires_grad_(False)

    def divergence(self, log_alpha):
        return 0.0 if self.lack == "no divergence" else super().divergence(log_alpha)

    def step(self, noise):
        return super().step([one * 0 for one in noise] if self.lack == "no noise" else noise)


peer.Set, peer.Variational = LazySet, LazyVariational
peer.main()
