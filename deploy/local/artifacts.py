"""Fetches and unpacks Elasticsearch's minimal distribution, an ordinary Maven artifact."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from pathlib import Path

from deploy.local import account
from deploy.local.packages import execute_unprivileged
from deploy.local.progress import StackError, say
from deploy.local.servers.elasticsearch import SUPPORTED
from deploy.local.settings import Settings

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
_ARTIFACT = "org.elasticsearch.distribution.integ-test-zip:elasticsearch:{version}:zip"


def ensure_elasticsearch(settings: Settings) -> Path:
    """The unpacked distribution of the stack's version, fetched and checked first if it is not there."""
    version = settings.elasticsearch
    target = settings.cache / f"elasticsearch-{version}"
    if target.exists():
        say(f"setup: Elasticsearch {version} is there")
        return target
    account.folder(settings.cache, account.invoker(), mode=0o755)
    with tempfile.TemporaryDirectory(dir=settings.cache, prefix="fetch-") as name:
        draft = Path(name)
        draft.chmod(0o755)
        archive = _fetch(draft, version)
        say(f"setup: unpacking Elasticsearch {version}")
        _unpack(archive, draft / "unpacked")
        shutil.move(draft / "unpacked" / target.name, target)
    return target


def _fetch(folder: Path, version: str) -> Path:
    say(f"setup: fetching Elasticsearch {version} (about 100 MB)")
    coordinates = f"-Dartifact={_ARTIFACT.format(version=version)}"
    execute_unprivileged(
        ["mvn", "-B", "-ntp", _COPY, coordinates, f"-DoutputDirectory={folder}"],
        label="fetching Elasticsearch",
    )
    archive = folder / f"elasticsearch-{version}.zip"
    expected = SUPPORTED[version][1]
    with archive.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        raise StackError(f"Elasticsearch {version} came with checksum {found}, not {expected}")
    return archive


def _unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    for script in folder.glob("*/bin/*"):
        script.chmod(0o755)  # the zip format's rights are lost in extraction
