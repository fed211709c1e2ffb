import json
from pathlib import Path

import pytest

from readapt.errors import ModelError, UsageError
from readapt.models.bundle import Bundle, find_bundle, list_bundles, save_bundle
from readapt.models.manifest import DetectorSection, Manifest, RecognizerSection


def manifest(**entries: object) -> Manifest:
    some = {
        "name": "tiny",
        "version": "1",
        "alphabet": " ab",
        "recognizer": RecognizerSection(file="recognizer.onnx"),
        "detector": DetectorSection(file="detector.onnx", settings={"threshold": 0.4}),
        "metrics": {"cer": 0.05},
    }
    return Manifest.model_validate(some | entries)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    sources = {}
    for name in ("recognizer.onnx", "detector.onnx"):
        sources[name] = tmp_path / f"source-{name}"
        sources[name].write_bytes(name.encode())
    return sources


@pytest.fixture
def bundle(tmp_path: Path, files: dict[str, Path]) -> Bundle:
    return save_bundle(tmp_path / "models" / "tiny", manifest(), files)


def edit(bundle: Bundle, **entries: object) -> None:
    path = bundle.folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | entries), "utf-8")


def test_what_is_saved_is_loaded(bundle: Bundle) -> None:
    again = Bundle.load(bundle.folder)
    assert again == bundle
    assert again.alphabet.characters == " ab"
    assert again.recognizer.read_bytes() == b"recognizer.onnx"
    assert again.detector is not None
    assert again.detector.read_bytes() == b"detector.onnx"
    assert again.manifest.metrics == {"cer": 0.05}
    assert sorted(file.name for file in bundle.folder.iterdir()) == [
        "detector.onnx",
        "model.json",
        "recognizer.onnx",
    ]
    assert [file.name for file in bundle.folder.parent.iterdir()] == ["tiny"]  # no scratch left


def test_a_changed_or_missing_file_is_named(bundle: Bundle) -> None:
    bundle.recognizer.write_bytes(b"recognizer.onny")
    with pytest.raises(ModelError, match=r"recognizer\.onnx: its sha256 is .* changed"):
        Bundle.load(bundle.folder)
    bundle.recognizer.unlink()
    with pytest.raises(ModelError, match=r"recognizer\.onnx: missing from the model"):
        Bundle.load(bundle.folder)


def test_a_newer_format_says_upgrade_whatever_else_it_holds(bundle: Bundle) -> None:
    edit(bundle, format_version=2, novelty=1)
    with pytest.raises(ModelError, match="newer readapt"):
        Bundle.load(bundle.folder)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"novelty": 1}, "novelty: Extra inputs are not permitted"),
        ({"alphabet": "aa"}, "twice"),
        ({"alphabet": ""}, "alphabet"),
        ({"name": "../x"}, "name"),
        ({"recognizer": {"file": "../../etc/passwd"}}, "not a plain file name"),
        ({"recognizer": {"file": "other.onnx"}}, "no sha256 for other.onnx"),
        ({"recognizer": {"file": "recognizer.onnx", "height": "tall"}}, "recognizer.height"),
        ({"sha256": {"recognizer.onnx": "0", "detector.onnx": "1"}}, "sha256"),
        ({"calibration": {"min_confidence": 2}}, "calibration.min_confidence"),
    ],
)
def test_a_wrong_manifest_is_one_clear_error(
    bundle: Bundle, entries: dict[str, object], expected: str
) -> None:
    edit(bundle, **entries)
    with pytest.raises(ModelError, match=expected) as caught:
        Bundle.load(bundle.folder)
    assert "model.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_not_json_and_not_a_bundle(bundle: Bundle, tmp_path: Path) -> None:
    (bundle.folder / "model.json").write_bytes(b"\xff{")
    with pytest.raises(ModelError, match="is not JSON"):
        Bundle.load(bundle.folder)
    (bundle.folder / "model.json").write_text("[1]")
    with pytest.raises(ModelError, match="valid dictionary"):
        Bundle.load(bundle.folder)
    with pytest.raises(ModelError, match="no model here"):
        Bundle.load(tmp_path / "nowhere")


def test_models_are_found_by_path_name_and_search_path(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_bundle(bundle.folder) == bundle.folder
    with pytest.raises(ModelError, match="no such model"):
        find_bundle("tiny")
    monkeypatch.setenv("READAPT_MODEL_PATH", f"{tmp_path / 'none'}:{bundle.folder.parent}")
    assert find_bundle("tiny") == bundle.folder
    assert bundle.folder in list_bundles()
    with pytest.raises(ModelError, match="no model in this folder"):
        find_bundle(tmp_path)


def test_saving_never_harms_what_is_there(bundle: Bundle, files: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="is there already"):
        save_bundle(bundle.folder, manifest(), files)
    with pytest.raises(ModelError, match="no sha256 for detector"):
        save_bundle(
            bundle.folder, manifest(), {"recognizer.onnx": files["recognizer.onnx"]}, replace=True
        )
    assert Bundle.load(bundle.folder) == bundle
    newer = save_bundle(bundle.folder, manifest(version="2"), files, replace=True)
    assert newer.manifest.version == "2"
    assert [file.name for file in bundle.folder.parent.iterdir()] == ["tiny"]
