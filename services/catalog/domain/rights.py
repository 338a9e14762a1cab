"""Who may see and change what is offered."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

_GROUPS = (2, 2, 2, 3, 3)


@dataclass(frozen=True)
class Mandate:
    """Who asks: in a role, for an organisation whose district is `area`; all None for the public."""

    organisation_id: UUID | None = None
    role: str | None = None
    area: str | None = None

    def edits(self, owner_id: UUID, owner_adcode: str) -> bool:
        """Whether the mandate keeps this owner's offers: its own staff, and coordinators of its area."""
        return (self.role == "venue" and self.organisation_id == owner_id) or self.covers(owner_adcode)

    def covers(self, adcode: str) -> bool:
        """Whether the mandate coordinates the area in which `adcode` lies."""
        return bool(self.prefix) and adcode.startswith(self.prefix or "")

    @property
    def prefix(self) -> str | None:
        """What the adcodes of a coordinator's area begin with; None for everybody else."""
        return area_prefix(self.area) if self.role == "coordinator" and self.area else None

    @property
    def staff_of(self) -> UUID | None:
        """The organisation whose offers the mandate keeps as its staff."""
        return self.organisation_id if self.role == "venue" else None


PUBLIC = Mandate()


def area_prefix(adcode: str) -> str:
    """The digits that all of a division share: 150400 gives 1504, 150402001000 gives 150402001."""
    end = len(adcode)
    for size in reversed(_GROUPS if end == sum(_GROUPS) else _GROUPS[:3]):
        if adcode[end - size : end].strip("0"):
            break
        end -= size
    return adcode[:end]
