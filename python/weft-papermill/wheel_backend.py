"""Builds the wheel of one module (PEP 517) with the standard library, so that installing it downloads no build tools."""

import base64
import hashlib
import pathlib
import re
import tarfile
import zipfile

HERE = pathlib.Path(__file__).parent
FILES = ["pyproject.toml", "README.md", "weft_papermill.py", "wheel_backend.py"]


def _field(name):
    # No reader of TOML is in the standard library before Python 3.11.
    text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(rf'^{name} = \[?"([^"]*)"', text, re.MULTILINE)[1]


def _metadata():
    head = [
        "Metadata-Version: 2.1",
        "Name: weft-papermill",
        f"Version: {_field('version')}",
        f"Summary: {_field('description')}",
        "License: Apache-2.0",
        f"Requires-Python: {_field('requires-python')}",
        f"Requires-Dist: {_field('dependencies')}",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join([*head, "", (HERE / "README.md").read_text(encoding="utf-8")])


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel (PEP 427) and gives its name."""
    version = _field("version")
    info = f"weft_papermill-{version}.dist-info"
    files = {
        "weft_papermill.py": (HERE / "weft_papermill.py").read_text(encoding="utf-8"),
        f"{info}/METADATA": _metadata(),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: wheel_backend\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[papermill.engine]\nweft = {_field('weft')}\n",
    }
    record = []
    name = f"weft_papermill-{version}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, text in files.items():
            data = text.encode()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(data)}\n")
            wheel.writestr(path, data)
        wheel.writestr(f"{info}/RECORD", "".join([*record, f"{info}/RECORD,,\n"]))
    return name


def build_sdist(sdist_directory, config_settings=None):
    """Writes the source archive and gives its name."""
    stem = f"weft_papermill-{_field('version')}"
    (pathlib.Path(sdist_directory) / "PKG-INFO").write_text(_metadata(), encoding="utf-8")
    with tarfile.open(pathlib.Path(sdist_directory) / f"{stem}.tar.gz", "w:gz") as archive:
        for file in FILES:
            archive.add(HERE / file, f"{stem}/{file}")
        archive.add(pathlib.Path(sdist_directory) / "PKG-INFO", f"{stem}/PKG-INFO")
    return f"{stem}.tar.gz"
