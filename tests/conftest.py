import pytest
from hypothesis import settings

from readapt.models.bundle import Bundle
from tiny_model import save_tiny_model

# A loaded machine may stop for seconds: what is slow is not thereby wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A whole model that reads the script of ``tiny_model.draw``; do not change its files."""
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")
