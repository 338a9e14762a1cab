"""Why a request got what it got and what would have helped: stable codes with their texts.

Points are tenths of a pupil of an ordinary school served perfectly; need and fit are in percent.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.reasons import Reason

COUNTED = Reason(
    "{pupils} people x need {need} % x fit {fit} % = {value} points",
    "{pupils}人×需求{need}%×适配{fit}%＝{value}分",
)

TOGETHER = Reason(
    "; {groups} groups too small alone come together, {people} people in all",
    "；{groups}个单独不足成行人数的小组同场，共{people}人",
)
# Of a group that comes in parts, behind another sentence.
SPLIT = Reason("; of the fit, {split} % is lost by coming in parts", "（适配度中分组扣{split}%）")
# Of a school that said what it would like best, behind another sentence.
LIKED: Mapping[str, Reason] = {
    "choice": Reason(
        "; choice {choice} of the school's {choices}: {choice_lost} % lost",
        "；满足第{choice}志愿（共{choices}个），扣{choice_lost}%",
    ),
    "no_choice": Reason(
        "; none of the school's {choices} choices: {choice_lost} % lost",
        "；未满足所填{choices}个志愿，扣{choice_lost}%",
    ),
    "window": Reason(
        "; window {window} of the {windows} in the school's order: {window_lost} % lost",
        "；为第{window}意向时段（共{windows}个），扣{window_lost}%",
    ),
    "no_window": Reason(
        "; in none of the {windows} windows in the school's order: {window_lost} % lost",
        "；不在所填{windows}个意向时段内，扣{window_lost}%",
    ),
}
IN_PARTS = Reason("; in {parts} groups", "；分{parts}组")

NEEDS: Mapping[str, Reason] = {
    "never_served": Reason("the school was never served: +{percent} %", "学校从未获得过安排：+{percent}%"),
    "long_ago": Reason("the school was last served long ago: +{percent} %", "距上次安排已久：+{percent}%"),
    "rural": Reason("a rural school: +{percent} %", "农村学校：+{percent}%"),
    "small_school": Reason("a small school: +{percent} %", "小规模学校：+{percent}%"),
}

SUITS = Reason(
    "{km} km away; of 100 % fit, lost on topic {topic}, on language {spoken}, on distance {distance}",
    "相距{km}公里；适配度100%中，主题扣{topic}，语言扣{spoken}，距离扣{distance}",
)

ALTERNATIVES: Mapping[str, Reason] = {
    "free": Reason("was free, and is worth {value} points", "有空，价值{value}分"),
    "taken": Reason(
        "is worth {value} points and would cost others {cost}; {displaced} requests have what it needs",
        "价值{value}分，但会使其他申请损失{cost}分；所需资源已分给{displaced}项申请",
    ),
}

CONTEST = Reason(
    "{options} ways were possible; {holders} requests for {pupils} people have them, whose need is {least} to"
    " {most} %. To serve this one would cost others {price} points for {value} at best",
    "可行方案{options}种，已分给{holders}项申请（{pupils}人，需求{least}%至{most}%）；"
    "满足本申请最多得{value}分，却会使其他申请损失{price}分",
)

# Of a request that is answered at once while a round is still being settled.
KEPT = Reason(
    "{options} ways were possible, but a round that is still being settled needs them more ({holders} of its"
    " requests, for {pupils} people). To serve this one would cost it {price} points for {value} at best",
    "可行方案{options}种，但正在办理的集中申报期更需要（其中{holders}项申请，{pupils}人）；"
    "满足本申请最多得{value}分，却会使其损失{price}分",
)

CHANGES: Mapping[str, Reason] = {
    "another_day": Reason(
        "on {date}, {amount} days outside the wished times: {title}",
        "改在{date}（与所报时间相差{amount}天）：{title}",
    ),
    "in_parts": Reason(
        "if the group came in {amount} parts, on {date}: {title}", "如同意分{amount}组参观，{date}：{title}"
    ),
    "smaller_group": Reason(
        "with {amount} people, on {date}: {title}", "人数减至{amount}人，{date}：{title}"
    ),
    "longer_distance": Reason(
        "with a distance limit of {amount} km, on {date}: {title}",
        "距离上限放宽到{amount}公里，{date}：{title}",
    ),
    "without_expert": Reason("without an expert, on {date}: {title}", "不要求专家到场，{date}：{title}"),
    "another_programme": Reason(
        "with another programme, on {date}: {title}", "改选其他活动，{date}：{title}"
    ),
    "another_topic": Reason(
        "on the topic “{topic}”, on {date}: {title}", "改选“{topic}”主题，{date}：{title}"
    ),
    "may_join": Reason(
        "together with other small groups, on {date}: {title}", "与其他小班同场参加，{date}：{title}"
    ),
    "more_sessions": Reason(
        "if “{title}” had one more session, as on {date}", "如“{title}”增加一场，例如{date}"
    ),
    "more_experts": Reason(
        "if there were one more expert on “{topic}” in {area}, as on {date}",
        "如{area}增加一位“{topic}”主题的专家，例如{date}",
    ),
    "more_unit_days": Reason(
        "if “{title}” were on the road once more, as in the week of {date}",
        "如“{title}”多出一周行程，例如{date}当周",
    ),
}

MOVED = Reason(
    "; {moved} others would be served otherwise, and nobody would go without",
    "；需调整{moved}项已有安排，无人因此落空",
)

ADDITIONS: Mapping[str, Reason] = {
    "more_sessions": Reason("one more session of “{title}” on {date}", "“{title}”在{date}增加一场"),
    "more_experts": Reason(
        "one more expert on “{topic}” in {area} on {date}", "{area}在{date}增加一位“{topic}”主题的专家"
    ),
    "more_unit_days": Reason(
        "“{title}” on the road in the week of {date} as well", "“{title}”在{date}当周增加行程"
    ),
}

WORTH = Reason(
    "{text}: {wishes} more requests served, {pupils} more people, {solved} points",
    "{text}：多满足{wishes}项申请、{pupils}人，共{solved}分",
)
# Of a pairing that a coordinator moves, or is about to move.
BY_HAND = Reason(
    "this match is worth {after} points instead of {before}, all drafts of the round {plan_after} instead of"
    " {plan_before}. {wanted} requests without a place ({wanted_people} people) wanted this one; {taken} of"
    " them could have it as the draft stands, for {taken_best} points at best, and {without} have nothing"
    " else; what it leaves could be had by {left} requests without a place",
    "本安排由{before}分变为{after}分，本期方案合计由{plan_before}分变为{plan_after}分。"
    "未获安排的申请中有{wanted}项（{wanted_people}人）也想要该资源，其中{taken}项目前可以安排（最多{taken_best}分），"
    "{without}项别无其他选择；腾出的资源可供{left}项未获安排的申请使用",
)
BY_HAND_PLACED = Reason(
    "the request gets a match worth {after} points, all drafts of the round {plan_after} instead of"
    " {plan_before}. {wanted} other requests without a place ({wanted_people} people) wanted this one;"
    " {taken} of them could have it as the draft stands, for {taken_best} points at best, and {without} have"
    " nothing else",
    "该申请获得{after}分的安排，本期方案合计由{plan_before}分变为{plan_after}分。"
    "其他未获安排的申请中有{wanted}项（{wanted_people}人）也想要该资源，其中{taken}项目前可以安排（最多{taken_best}分），"
    "{without}项别无其他选择",
)
BY_HAND_DISPLACES = Reason(
    "; for it a drafted match of {people} people, worth {value} points, is given up",
    "；为此须取消另一项已拟定的安排（{people}人，{value}分）",
)
BY_HAND_COST = Reason(
    "; by the prices of the last solve this place takes {cost} points from others",
    "；按最近一次计算的价格，占用该资源会使其他申请损失{cost}分",
)
BY_HAND_ANSWERS = Reason(
    "; it has been offered: {accepted} have accepted, and all are asked again",
    "；该安排已发出邀约，已有{accepted}方接受，各方都需重新确认",
)
BY_HAND_COMPANY = Reason(
    "; {groups} other groups, {people} people, were to come together with this one and still come",
    "；原与其同场的其他{groups}组{people}人仍按原计划参加",
)
BY_HAND_COMPANY_LOST = Reason(
    "; {groups} other groups, {people} people, were to come together with this one: that is less than the"
    " {least} the session asks for, so {lost} of them lose this place, worth {lost_value} points in all, and"
    " other places are looked for",
    "；原与其同场的还有{groups}组{people}人，不足该场次最低{least}人，其中{lost}组将失去该安排（共{lost_value}分），"
    "系统会为其另寻安排",
)
# Of a match that was set by hand, told to its parties.
SET_BY_HAND: Mapping[str, Reason] = {
    "moved_by_hand": Reason(
        "a coordinator moved this match by hand: it is worth {after} points instead of {before}",
        "该安排由协调员手工调整：由{before}分变为{after}分",
    ),
    "placed_by_hand": Reason(
        "a coordinator gave the request this place by hand: it is worth {after} points",
        "该安排由协调员手工安排，价值{after}分",
    ),
    "set_by_hand": Reason("a coordinator set this match by hand", "该安排由协调员手工确定"),
}
SET_BY_HAND_OTHERS = Reason(
    "; {wanted} requests without a place wanted this one, and {taken} of them could have had it",
    "；未获安排的申请中有{wanted}项也想要该资源，其中{taken}项当时可以安排",
)
# Of a request in the papers of its round.
LOT = Reason(
    "in the papers this is request {number} (of {of}, from 0), {alias} by its alias; it drew the lot {lot}",
    "核验文件中为第{number}号申请（从0起，共{of}项），代号{alias}，抽签号{lot}",
)
SOMEBODY = Reason("an expert", "专家")


def text_of(table: Mapping[str, Reason], code: str, language: str, /, **params: object) -> str:
    """A code's sentence; an unknown code stands for itself."""
    found = table.get(code)
    return found.text(language, **params) if found else code
