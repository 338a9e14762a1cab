"""Codes of catalog: what is wrong with an offer, and why seats or a unit are not to be had."""

from __future__ import annotations

from schemas.errors.message import Message

_HOLDS = {
    "slot_unknown": Message(404, "There is no such slot.", "没有此场次。"),
    "slot_closed": Message(409, "The slot takes nobody new.", "该场次不再接受新的预约。"),
    "slot_cancelled": Message(409, "The slot does not take place.", "该场次已取消。"),
    "slot_moved": Message(409, "The slot takes place at another time.", "该场次的时间已变更。"),
    "slot_for_other_round": Message(
        409, "The slot's seats are kept for another round.", "该场次的名额留给另一集中申报期。"
    ),
    "programme_not_published": Message(409, "The programme is not offered now.", "该活动目前未发布。"),
    "not_enough_seats": Message(
        409, "{wanted} seats are wanted and {free} are free.", "需要 {wanted} 个名额，仅剩 {free} 个。"
    ),
    "slot_groups_full": Message(
        409, "The slot takes {groups_limit} groups and has them.", "该场次最多 {groups_limit} 个团队，已满。"
    ),
    "group_too_small": Message(
        409, "A group of {size} is below the least, {min_group}.", "团队 {size} 人，少于下限 {min_group} 人。"
    ),
    "company_miscounted": Message(
        422,
        "Groups that come together in a slot need an id and the number of all of them.",
        "联合成团须注明同一编号和总人数。",
    ),
    "group_too_large": Message(
        409, "A group of {size} is above the most, {max_group}.", "团队 {size} 人，超过上限 {max_group} 人。"
    ),
    "no_room": Message(409, "Too few rooms are free at that time.", "届时活动室不足。"),
    "no_guide": Message(409, "Too few guides are free at that time.", "届时讲解员不足。"),
    "no_kit": Message(409, "Too few kits are free at that time.", "届时器材不足。"),
    "no_coach": Message(409, "Too few coaches are free at that time.", "届时车辆不足。"),
    "unit_unknown": Message(404, "There is no such travelling unit.", "没有此流动科普设施。"),
    "unit_paused": Message(409, "The unit takes no new stops now.", "该流动科普设施暂停接受新的行程。"),
    "unit_busy": Message(409, "The unit is elsewhere at that time.", "该流动科普设施此时已有行程。"),
    "unit_travel": Message(
        409,
        "The way takes {needed_minutes} minutes, {between_minutes} are between.",
        "路程需 {needed_minutes} 分钟，间隔只有 {between_minutes} 分钟。",
    ),
    "unit_too_far": Message(
        409,
        "It is {km} km from the unit's base, which travels {limit_km} km.",
        "距驻地 {km} 公里，超过该设施的行程上限 {limit_km} 公里。",
    ),
    "unit_mileage": Message(
        409,
        "The unit's tours of that month would come to {km} km of {budget_km}.",
        "该设施当月巡展里程将达 {km} 公里，超过里程预算 {budget_km} 公里。",
    ),
    "unit_dwell": Message(
        409,
        "A stop of {days} days; the unit stays {min_days} to {max_days}.",
        "停留 {days} 天，该设施每站须停留 {min_days} 至 {max_days} 天。",
    ),
    "unit_unavailable": Message(409, "The unit is not on the road then.", "该流动科普设施此时不出车。"),
    "unit_for_other_round": Message(
        409, "The unit is kept for another round.", "该流动科普设施留给另一集中申报期。"
    ),
}

_OFFERS = {
    "name_taken": Message(409, "The organisation has one of this name.", "该单位已有同名的条目。"),
    "unknown_topic": Message(422, "is not in the topic tree: {topic}", "不在主题目录中：{topic}"),
    "limits_inverted": Message(422, "The least is more than the most.", "下限大于上限。"),
    "payer_required": Message(422, "A fee needs a payer.", "收费活动须注明付费方。"),
    "offered_twice": Message(
        422, "A programme is at a venue or with a unit, not both.", "活动不能同时属于场馆和流动科普设施。"
    ),
    "not_the_owners": Message(422, "It belongs to another organisation.", "不属于该单位。"),
    "programme_withdrawn": Message(409, "The programme was withdrawn.", "该活动已撤回。"),
    "programme_on_tour": Message(
        422, "A travelling unit's programme has no slots.", "流动科普设施的活动不设场次。"
    ),
    "venue_retired": Message(409, "The venue is no longer in use.", "该场馆已停用。"),
    "venue_closed": Message(409, "The venue is closed on that day.", "该场馆当日闭馆。"),
    "need_unknown": Message(422, "The organisation shares no such resource.", "该单位没有此项共用资源。"),
    "need_twice": Message(422, "The resource is named twice.", "同一项共用资源列了两次。"),
    "needs_without_sessions": Message(
        422,
        "Only what takes place in sessions shares resources; a travelling unit's programme has none.",
        "只有设场次的活动才能使用共用资源，流动科普设施的活动不设场次。",
    ),
    "shared_resource_overbooked": Message(
        409,
        "{used} are held or reserved at one time already, and there would be {number}.",
        "同一时间已占用 {used} 个，而总数仅为 {number} 个。",
    ),
    "shared_resource_needed": Message(
        409, "{programmes} programmes need it.", "仍有 {programmes} 项活动需要此项资源。"
    ),
    "shared_resource_withdrawn": Message(409, "The resource was withdrawn.", "该共用资源已撤回。"),
    "slot_ends_before_start": Message(422, "The slot ends before it starts.", "场次结束时间早于开始时间。"),
    "slot_past": Message(422, "The slot starts in the past.", "场次开始时间已过。"),
    "slot_too_soon": Message(
        422,
        "A slot must be published {lead_days} days before it starts.",
        "场次须提前 {lead_days} 天发布。",
    ),
    "slot_too_late": Message(422, "The slot is more than two years ahead.", "场次时间超过两年之后。"),
    "slot_exists": Message(409, "The programme has a slot at that time.", "该活动在此时间已有场次。"),
    "seats_below_taken": Message(
        409, "{taken} seats are taken already.", "已有 {taken} 个名额被占用，不能低于此数。"
    ),
    "slot_has_holds": Message(
        409, "Seats are held: the time and the round stay.", "已有名额被占用，不能更改时间或申报期。"
    ),
    "round_takes_no_slots": Message(409, "The round takes no more capacity.", "该集中申报期已不再接收场次。"),
    "rule_too_long": Message(422, "The rule makes more than {max} slots.", "该规则产生的场次超过 {max} 个。"),
    "calendar_unknown": Message(
        409, "The school calendar of {year} is not loaded.", "{year} 年校历尚未载入。"
    ),
    "days_inverted": Message(422, "The last day is before the first.", "结束日期早于开始日期。"),
    "closure_lifted_already": Message(409, "The closure was lifted.", "该闭馆安排已解除。"),
    "windows_overlap": Message(422, "Two windows overlap, or one is empty.", "时间段重叠或无效。"),
}

MESSAGES: dict[str, Message] = _HOLDS | _OFFERS
