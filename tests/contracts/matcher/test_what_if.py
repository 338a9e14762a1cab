"""What can be asked, what its members are, and what it is called: one list in schemas, rules and texts."""

from __future__ import annotations

from schemas.codes import WHAT_IF_CHANGES
from schemas.errors import MESSAGES
from schemas.http.what_ifs import ChangeAskedView, ChangeInput
from schemas.what_ifs import CHANGES
from services.matcher import domain
from services.matcher.engine.helped import ADDED
from services.matcher.usecases.what_ifs import MEMBERS


def test_each_kind_has_members_and_words() -> None:
    assert set(domain.CHANGE_MEMBERS) == set(CHANGES) == set(WHAT_IF_CHANGES)
    assert set(ADDED) == domain.ADDITIONS, "one word for what is added, whoever thinks of it"


def test_each_member_can_be_sent_is_kept_and_is_shown() -> None:
    sent = set(ChangeInput().fields)
    used = {name for must, may in domain.CHANGE_MEMBERS.values() for name in must | may}
    assert sent == used | {"kind"} == set(MEMBERS)
    assert set(ChangeAskedView().fields) == sent | {"text"}


def test_each_refusal_has_its_texts() -> None:
    refusals = (
        domain.WhatIfUnknown, domain.WhatIfDays, domain.WhatIfNotAsked, domain.WhatIfNeverGiven,
        domain.WhatIfsWaiting, domain.WhatIfOver,
    )  # fmt: skip
    assert {refusal.code for refusal in refusals} <= set(MESSAGES)
