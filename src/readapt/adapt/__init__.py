"""Label-free adaptation: stages, gates, and the model that comes out.

The package can be called: ``readapt.adapt("scans/", "my-model")`` is
:func:`readapt.adapt.pipeline.adapt`. Importing it loads nothing heavy.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from readapt.adapt.finish import Adapted
    from readapt.adapt.pipeline import Listener
    from readapt.adapt.settings import AdaptConfig


class _Callable(ModuleType):
    """A module that is the function it is named for."""

    def __call__(
        self,
        scans: Sequence[str | Path] | str | Path,
        out: str | Path,
        *,
        text: str | Path | None = None,
        base: str | Path | None = None,
        truth: str | Path | None = None,
        config: AdaptConfig | None = None,
        resume: bool = False,
        extend_alphabet: bool = False,
        listener: Listener = lambda told: None,
    ) -> Adapted:
        """Adapt a model to unlabelled scans; see :func:`readapt.adapt.pipeline.adapt`."""
        from readapt.adapt.pipeline import adapt

        return adapt(
            scans,
            out,
            text=text,
            base=base,
            truth=truth,
            config=config,
            resume=resume,
            extend_alphabet=extend_alphabet,
            listener=listener,
        )


sys.modules[__name__].__class__ = _Callable
