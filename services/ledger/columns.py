"""The columns of the ledger's files: members of rows, and what they are called there."""

from __future__ import annotations

from services.chassis.sheets import Columns

ENTRIES: Columns = (
    ("district_name", "旗县区"),
    ("township_name", "乡镇苏木街道"),
    ("school_name", "学校"),
    ("kind", "类别"),
    ("title", "活动"),
    ("plan_tasks", "计划任务"),
    ("topics", "主题"),
    ("grades", "年级"),
    ("audience", "对象"),
    ("group_size", "人数"),
    ("provider_names", "提供单位"),
    ("expert_names", "专家"),
    ("starts_at", "开始"),
    ("ends_at", "结束"),
    ("state", "状态"),
    ("confirmed_at", "确认时间"),
    ("delivered_at", "完成时间"),
    ("said_by", "完成确认人"),
    ("match_id", "编号"),
)
COVERAGE: Columns = (
    ("value", "代码"),
    ("name", "名称"),
    ("schools", "学校数"),
    ("served", "已覆盖学校"),
    ("never_served", "未覆盖学校"),
    ("served_share", "覆盖率"),
    ("pupils", "学生数"),
    ("activities", "活动数"),
    ("reached", "参加学生人次"),
    ("per_thousand", "每千名学生参加人次"),
)
UNSERVED: Columns = (
    ("district_name", "旗县区"),
    ("township_name", "乡镇苏木街道"),
    ("name", "学校"),
    ("stage", "学段"),
    ("enrolment", "在校生"),
    ("rural", "农牧区"),
    ("requests", "申请数"),
    ("unserved", "未满足申请数"),
    ("school_id", "编号"),
)
TRAIL: Columns = (
    ("occurred_at", "时间"),
    ("type", "事项"),
    ("aggregate", "对象类别"),
    ("aggregate_id", "对象编号"),
    ("version", "版本"),
    ("subject_name", "单位"),
    ("actor_name", "操作人"),
    ("actor_role", "角色"),
    ("reason", "原因"),
    ("trace_id", "跟踪号"),
)
