"""Which facts a consumer has handled: a row per message, written by the transaction of the work itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.chassis.facts import Fact
from services.chassis.ids import first_id_of
from services.chassis.store import Connection

KEEP = timedelta(days=30)
FORGET_MOST = 5000

# A message that another transaction is handling at this moment is waited for: its row is there, or is not.
REMEMBER = """
insert into inbox (message_id, consumer, received_at)
select unnest(%(ids)s::uuid[]), %(consumer)s, %(now)s
on conflict do nothing
returning message_id
"""

FORGET = """
delete from inbox
 where (message_id, consumer) in (select message_id, consumer
                                    from inbox
                                   where message_id < %s
                                   limit %s
                                     for update skip locked)
"""


def remember(conn: Connection, consumer: str, facts: Sequence[Fact]) -> list[Fact]:
    """Note these facts as handled by the running transaction; return those that never were, in order."""
    ids = [fact.id for fact in facts]
    rows = conn.execute(REMEMBER, {"ids": ids, "consumer": consumer, "now": facts[0].now}).fetchall()
    new = {row["message_id"] for row in rows}
    unheard = []
    for fact in facts:
        if fact.id in new:
            new.remove(fact.id)
            unheard.append(fact)
    return unheard


def forget(conn: Connection, now: datetime) -> int:
    """Delete some of the rows that are older than any message can still be; return how many."""
    return conn.execute(FORGET, [first_id_of(now - KEEP), FORGET_MOST]).rowcount
