"""What the load generator stands on: who is logged in and what there is to ask for, in one file."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "KEQIAO_LOAD_GROUND"


@dataclass(frozen=True)
class Somebody:
    """A person with an access token, acting for one organisation."""

    login: str
    role: str
    organisation_id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token}",
            "KeQiao-Organisation": self.organisation_id,
            "Accept-Language": "zh",
        }


@dataclass(frozen=True)
class Ground:
    """Everything that the stories need; `windows` are school days in UTC, `rate` is in visits a second."""

    address: str
    rate: float
    seconds: float
    people: dict[str, list[Somebody]]
    grades: dict[str, list[int]]
    topics: list[str]
    windows: list[dict[str, str]]
    slots: list[str]
    round_id: str

    def write(self, path: Path) -> None:
        """Hands it over; the tokens in it are nobody else's business."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def read(path: Path | None = None) -> Ground:
    """The ground of this run; KeyError if the environment names none."""
    loaded = json.loads((path or Path(os.environ[VARIABLE])).read_text(encoding="utf-8"))
    people = {role: [Somebody(**each) for each in some] for role, some in loaded.pop("people").items()}
    return Ground(people=people, **loaded)
