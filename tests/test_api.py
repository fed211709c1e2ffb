import inspect

import readapt


def test_the_public_api_is_frozen() -> None:
    assert readapt.__all__ == [
        "InputError",
        "Line",
        "ModelError",
        "Page",
        "ReadaptError",
        "Reader",
        "UsageError",
        "Word",
        "__version__",
        "adapt",
        "read",
    ]
    assert dir(readapt) == readapt.__all__
    for name in readapt.__all__:
        assert getattr(readapt, name) is not None


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_signatures_and_fields_are_frozen() -> None:
    assert parameters(readapt.read) == ["source", "model"]
    assert parameters(readapt.Reader) == [
        "model",
        "threads",
        "beam",
        "language_model",
        "language_weight",
    ]
    assert parameters(readapt.Reader.read) == ["self", "source"]
    assert parameters(readapt.Reader.read_pages) == ["self", "source"]
    assert parameters(readapt.Reader.read_lines) == ["self", "images"]
    assert parameters(readapt.Word) == ["text", "polygon", "confidence"]
    assert parameters(readapt.Line) == ["polygon", "text", "confidence", "words"]
    assert parameters(readapt.Page) == ["width", "height", "lines", "source", "index"]


def test_exit_codes_are_frozen() -> None:
    assert readapt.ReadaptError.exit_code == 1
    assert readapt.UsageError.exit_code == 2
    assert readapt.InputError.exit_code == 3
    assert readapt.ModelError.exit_code == 4
