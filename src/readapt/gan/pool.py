"""A pool of past fakes: the discriminator sees old ones beside new ones, so that it cannot forget.

Shrivastava et al. 2017, as CycleGAN uses it: 50 images; each new fake is either shown as it is or,
with probability 1/2, takes the place of an old one that is shown instead.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class Pool:
    """At most `size` past fakes of any width; `size` 0 shows the newest only.

    What is stored has no graph behind it.
    """

    def __init__(self, size: int = 50, seed: int = 0) -> None:
        self.size = size
        self.images: list[Tensor] = []
        self.random = torch.Generator().manual_seed(seed)

    def show(self, fakes: Tensor) -> Tensor:
        """Return `batch ...` fakes, some of them old; all of the shape of the new ones.

        An old one of another shape cannot stand in the same batch: it stays in the pool.
        """
        shown = []
        for fake in fakes.detach():
            if len(self.images) < self.size:
                self.images.append(fake.clone())
                shown.append(fake)
                continue
            same = [i for i, old in enumerate(self.images) if old.shape == fake.shape]
            draw = torch.rand((), generator=self.random)
            if self.size and draw < 0.5:
                # One of another shape makes room where none of this shape is there yet.
                place = int(torch.randint(len(same) or self.size, (), generator=self.random))
                old, place = (self.images[same[place]], same[place]) if same else (fake, place)
                self.images[place] = fake.clone()
                shown.append(old.to(fake.device))
            else:
                shown.append(fake)
        return torch.stack(shown)

    def state(self) -> dict[str, Any]:
        """Images and random state, to go on from."""
        return {"images": list(self.images), "random": self.random.get_state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state` gave."""
        self.images = list(state["images"])
        self.random.set_state(state["random"])
