"""Codes of demand: what may be wrong with schools, requests and the calendar."""

from __future__ import annotations

from schemas.errors.message import Message

MESSAGES: dict[str, Message] = {
    "school_not_registered": Message(
        409, "Your organisation is not registered as a school yet.", "您的单位尚未登记学校信息。"
    ),
    "request_closed": Message(
        409,
        "The request is {state} and can no longer be changed so.",
        "该申请的状态（{state}）已不允许此操作。",
    ),
    "round_over": Message(409, "The round takes no more changes.", "集中申报期已结束，不能再修改。"),
    "nothing_to_alter": Message(422, "The change names no field.", "没有需要修改的内容。"),
    "school_organisation_unknown": Message(
        422, "is not a known organisation for a school", "没有这个可登记为学校的单位"
    ),
    "school_code_taken": Message(422, "belongs to another school", "该学校标识码已被其他学校使用"),
    "invalid_school_code": Message(422, "has 4 to 20 digits and capitals", "须为 4 至 20 位数字或大写字母"),
    "grade_not_of_stage": Message(422, "is not a grade of stage {stage}", "不属于该学段"),
    "invalid_topic": Message(422, "is not a topic code (a-z and _)", "不是合法的主题代码"),
    "topics_or_programme": Message(422, "name topics or a programme", "请选择主题或指定活动"),
    "programme_not_for_kind": Message(
        422, "does not go with a request for an expert", "申请专家时不能指定活动"
    ),
    "audience_not_for_kind": Message(422, "does not go with training", "培训的对象不能是学生"),
    "expert_not_for_kind": Message(
        422, "goes only with a visit or an exhibition", "只有参观和巡展类申请可以另请专家"
    ),
    "split_not_for_kind": Message(
        422, "goes only with a visit without an expert", "只有不另请专家的参观类申请可以分组"
    ),
    "choice_of_one": Message(
        422,
        "names exactly one of topic, programme_id, venue_id and expert_id",
        "每个志愿须且只能填写主题、活动、场馆、专家中的一项",
    ),
    "choice_not_for_kind": Message(
        422, "does not go with a request of this kind", "该类申请不能填写这种志愿"
    ),
    "choice_outside_topics": Message(422, "is not among the request's topics", "不在所选主题之内"),
    "choice_outside_programme": Message(
        422, "is not the programme that the request names", "与所指定的活动不一致"
    ),
    "group_over_enrolment": Message(
        422, "is more than the school's {enrolment} pupils", "超过了学校的学生人数（{enrolment}）"
    ),
    "grade_not_taught": Message(422, "is not taught at your school", "您的学校没有这个年级"),
    "window_ends_before_start": Message(422, "is not after the start", "结束时间须晚于开始时间"),
    "window_in_past": Message(422, "is not in the future", "开始时间须在将来"),
    "window_too_short": Message(422, "is less than half an hour after the start", "时段不能少于半小时"),
    "window_too_long": Message(422, "is more than 92 days after the start", "时段不能超过 92 天"),
    "window_too_far": Message(422, "is more than 400 days away", "开始时间不能晚于 400 天之后"),
    "no_school_day": Message(422, "the window has no school day in it", "该时段内没有上课日"),
    "calendar_not_loaded": Message(
        422, "the school calendar of that year is not known yet", "该年度的校历尚未录入"
    ),
    "round_unknown": Message(422, "is not a known round", "没有这个集中申报期"),
    "round_elsewhere": Message(
        422, "is not for schools of your district", "该集中申报期不面向您所在的旗县区"
    ),
    "round_not_open_yet": Message(422, "is not open yet", "集中申报期尚未开始"),
    "round_closed": Message(422, "is closed", "集中申报期已截止"),
    "day_outside_year": Message(422, "is not a day of {year}", "不是 {year} 年的日期"),
    "days_missing": Message(422, "lack {count} days of {year}", "{year} 年缺少 {count} 天"),
    "term_ends_before_start": Message(422, "is before the first day", "不能早于学期第一天"),
    "terms_overlap": Message(422, "lies in another term of the area", "与该地区的另一学期重叠"),
}
