"""Training by several processes, one a GPU or a machine, as torchrun starts them.

All draw the same random numbers for the whole batch, and each computes its part of it; gradients are averaged by
DistributedDataParallel. So N processes of batch B do what one process of batch N * B does, to rounding; of the plain
families that is true up to batch norm, dropout and gradient penalty, which each process has of its own part.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T", bound=nn.Module)


@dataclass(frozen=True)
class Team:
    """The processes of one training; `rank` 0 leads: it alone writes."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def part(self, whole: Tensor) -> Tensor:
        """Of a whole batch (size * B, ...) this process's B, strided: of either half of the batch as many."""
        return whole[self.rank :: self.size]

    def wrap(self, module: T) -> T | DistributedDataParallel:
        """The module as its forward must be called for gradients to be averaged."""
        if self.size == 1:
            return module
        return DistributedDataParallel(module, find_unused_parameters=True, broadcast_buffers=False)

    def gather(self, part: Tensor) -> Tensor:
        """Inverse of `part`: (B, ...) of every process -> (size * B, ...)."""
        if self.size == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self.size)]
        dist.all_gather(parts, part.contiguous())
        return torch.stack(parts, dim=1).flatten(0, 1)

    def mean(self, values: Tensor) -> Tensor:
        """Of each number over all processes, the same on all."""
        if self.size > 1:
            dist.all_reduce(values)
            values = values / self.size
        return values

    def any(self, flag: bool, device: torch.device) -> bool:
        """Whether it is so for one of the processes: all leave a loop together or not at all."""
        return flag if self.size == 1 else bool(self.mean(torch.tensor(float(flag), device=device)) > 0)

    def wait(self) -> None:
        """Until all are here."""
        if self.size > 1:
            dist.barrier()


ALONE = Team()


def join(device: torch.device) -> tuple[Team, torch.device]:
    """This process's place among those that torchrun started, and its own device; alone without torchrun."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        return ALONE, device
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Team(dist.get_rank(), dist.get_world_size()), device


def leave() -> None:
    """Ends what `join` began."""
    if dist.is_initialized():
        dist.destroy_process_group()
