"""Label-free adaptation: stages, gates, and the model that comes out.

The package can be called: ``readapt.adapt("scans/", "my-model")`` is
:func:`readapt.adapt.pipeline.adapt`. Importing it loads nothing heavy.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """A module that is the function it is named for."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Adapt a model to unlabelled scans; see :func:`readapt.adapt.pipeline.adapt`."""
        from readapt.adapt.pipeline import adapt

        return adapt(*arguments, **options)

    @property
    def __signature__(self) -> inspect.Signature:
        """That of the function, for those who ask."""
        from readapt.adapt.pipeline import adapt

        return inspect.signature(adapt)


sys.modules[__name__].__class__ = _Callable
