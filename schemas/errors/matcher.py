"""What matcher refuses."""

from __future__ import annotations

from schemas.errors.message import Message

MESSAGES: dict[str, Message] = {
    "round_state": Message(
        409,
        "This cannot be done while the round is {state}.",
        "集中申报期当前状态（{state}）下不能进行此操作。",
    ),
    "round_period": Message(
        422,
        "A round must close after it opens, and in the future.",
        "截止时间须晚于开始时间，且不能是过去的时间。",
    ),
    "papers_unpublished": Message(
        404,
        "The papers of this round are given out when it is published.",
        "该集中申报期的求解文件将在结果发布时公开。",
    ),
    "papers_missing": Message(404, "This round has no papers.", "该集中申报期没有求解文件。"),
    "no_solve_running": Message(409, "No solve is running.", "当前没有正在进行的求解。"),
    "what_if_unknown": Message(
        422, "There is no such thing, or it is not to be had.", "没有这个对象，或者它目前不可用。"
    ),
    "what_if_days": Message(
        422, "The days must not be over, nor end before they begin.", "日期不能是过去，结束也不能早于开始。"
    ),
    "what_if_not_asked": Message(
        422, "The round has no request from there.", "该集中申报期没有来自这个地区的申请。"
    ),
    "what_if_never_given": Message(
        422,
        "This programme has no session ahead that one more could be like.",
        "该活动今后没有已排的场次，无法推算再增加一场的情形。",
    ),
    "what_ifs_waiting": Message(
        409,
        "{max} questions about this round still wait for their answers.",
        "该集中申报期已有 {max} 个设想在等待推演，请稍后再提。",
    ),
    "what_if_unanswered": Message(409, "There is no answer to this yet.", "该推演还没有结果。"),
    "what_if_over": Message(409, "It is over already.", "该推演已经结束。"),
    "match_state": Message(
        409,
        "This cannot be done while the match is {state}.",
        "活动安排当前状态（{state}）下不能进行此操作。",
    ),
    "match_moved": Message(
        409, "The match has just been changed; read it again.", "该活动安排刚刚发生变化，请重新读取。"
    ),
    "already_answered": Message(409, "You have answered this offer.", "您已答复过该安排。"),
    "offer_over": Message(409, "The offer is no longer open.", "该安排已过确认期限或已撤回。"),
    "not_asked": Message(403, "Your agreement is not asked for here.", "该安排不需要您确认。"),
    "reason_required": Message(422, "Say why.", "请说明原因。"),
    "event_begun": Message(409, "It has begun and can no longer be cancelled.", "活动已开始，不能再取消。"),
    "event_ahead": Message(409, "It has not begun yet.", "活动尚未开始。"),
    "price_has_changed": Message(
        409,
        "This is not what was shown any more: {after} points instead of {before}, for the round {plan_after}"
        " instead of {plan_before}; of {wanted} requests that wanted the place {taken} could have it."
        " Look at it again.",
        "情况已与您看到的不同：现为由{before}分变为{after}分，本期方案合计由{plan_before}分变为{plan_after}分；"
        "{wanted}项未获安排的申请也想要该资源，其中{taken}项目前可以安排。请重新查看后再确认。",
    ),
    "not_displaceable": Message(
        409,
        "This match cannot make way: only a draft of this round can that the solver drew up for your area,"
        " for one school alone, and only where the place is not free without it.",
        "该安排不能让出：只有本期由系统拟定、属于您所负责地区、单独成行的草案才能让出，且仅在名额确实不足时。",
    ),
    "move_under_way": Message(409, "This offer is being moved already.", "该邀约正在改派中。"),
    "request_not_waiting": Message(
        409,
        "The request waits for no place in this round: it has a match, was withdrawn, or its time is over.",
        "该申请不在本期待安排之列：已有安排、已撤回，或时间已过。",
    ),
    "not_placed_by_hand": Message(
        409, "Only a match that was placed by hand can be taken back.", "只有手工新增的安排才能撤销。"
    ),
    "move_impossible": Message(
        422, "The request cannot be served that way: {codes}.", "该申请不能这样安排：{codes}。"
    ),
}
