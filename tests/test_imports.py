"""What is imported when: in processes of their own, because this one has imported everything."""

import pkgutil
import subprocess
import sys

import readapt

LEARNING = ("nets", "gan", "train", "adapt", "export")
HEAVY = ("torch", "cv2", "onnxruntime", "PIL", "lxml", "pypdfium2", "numpy")


def loaded_after(script: str, *names: str) -> set[str]:
    """Which of the modules ``names`` are there after a script ran in a fresh process."""
    report = f"\nimport sys; print('loaded', *sorted(set({names!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script + report], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_import_readapt_is_light() -> None:
    assert loaded_after("import readapt; readapt.Page; readapt.InputError", *HEAVY) == set()


def test_help_is_light() -> None:
    script = (
        "import sys; from readapt.cli import main; sys.argv = ['readapt', '--help']\n"
        "try: main()\nexcept SystemExit: pass"
    )
    assert loaded_after(script, *HEAVY) == set()


def test_the_reading_tier_never_imports_torch() -> None:
    modules = [
        module.name
        for module in pkgutil.walk_packages(readapt.__path__, "readapt.")
        if module.name.split(".")[1] not in LEARNING
    ]
    assert "readapt.reader" in modules
    assert "readapt.cli.main" in modules
    script = "\n".join(f"import {name}" for name in modules)
    assert loaded_after(script, "torch", "safetensors", "matplotlib", "tensorboard") == set()
