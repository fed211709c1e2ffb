"""What the detector is punished for, as a pure function of maps and answers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from readapt.nets.detector import DISTANCE_UNIT


@dataclass(frozen=True)
class DetectorLossConfig:
    """Weights of the parts."""

    negatives: float = 3.0
    """Cells outside cores that count, the worst ones, for each cell inside."""
    negative_share: float = 0.02
    """... but at least this share of all cells: paper without text teaches silence."""
    dice: float = 0.5
    edges: float = 0.5


@dataclass(frozen=True)
class DetectorLoss:
    """The parts, each a scalar; ``total`` is their weighted sum."""

    total: Tensor
    core: Tensor
    dice: Tensor
    edges: Tensor


def detector_loss(
    logits: Tensor,
    logs: Tensor,
    core: Tensor,
    edges: Tensor,
    weight: Tensor,
    config: DetectorLossConfig | None = None,
) -> DetectorLoss:
    """Loss of one batch.

    The cores cost a cross entropy over the cells inside and the worst ones outside (the online
    hard negatives of Shrivastava et al. 2016, arXiv 1604.03540, as in DB) and a soft Dice loss
    (Milletari et al. 2016, arXiv 1606.04797, equation 3); the distances cost a smooth L1 of their
    logarithms, so that errors count in proportion to the line's height.

    Args:
        logits: ``batch height width``.
        logs: ``batch 2 height width``, logarithms of distances in ``DISTANCE_UNIT`` pixels.
        core: ``batch height width`` in [0, 1], share of the cell inside a core.
        edges: ``batch 2 height width``, pixels; 0 where unknown.
        weight: ``batch height width``, 1 where the answer counts, else 0.
        config: weights of the parts.

    """
    config = config or DetectorLossConfig()
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, core, reduction="none")
    each = each * weight
    inside = core > 0
    outside = each[~inside]
    count = int(inside.sum())
    worst = max(int(config.negatives * count), int(config.negative_share * core.numel()))
    worst = min(worst, outside.numel())
    hard = torch.topk(outside, worst, sorted=False).values.sum() if worst else outside.sum()
    core_loss = (each[inside].sum() + hard) / max(count + worst, 1)

    probability = torch.sigmoid(logits) * weight
    shared = (probability * core).sum()
    dice = 1 - (2 * shared + 1) / ((probability**2).sum() + (core**2).sum() + 1)

    known = (edges > 0).all(1) & inside
    share = core[known]
    wanted = torch.log(edges.clamp_min(0.25) / DISTANCE_UNIT)
    error = torch.nn.functional.smooth_l1_loss(logs, wanted, reduction="none", beta=0.1).sum(1)
    edge_loss = (error[known] * share).sum() / share.sum().clamp_min(1.0)

    total = core_loss + config.dice * dice + config.edges * edge_loss
    return DetectorLoss(total, core_loss, dice, edge_loss)
