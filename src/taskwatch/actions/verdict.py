"""The contract of monitoring plugins: OK, WARNING or CRITICAL by ranges of numbers, in one sentence."""

from collections.abc import Sequence
from typing import NamedTuple

from taskwatch.actions.standing import CheckShape, StatisticsShape, Survey
from taskwatch.errors import InvalidInput
from taskwatch.model import sla, threshold
from taskwatch.model.names import shown, suggestion

STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
METRICS = {"exceeded": "exceeded", "at_risk": "at_risk", "compliance": "compliance_rate"}
DEFAULT = ("exceeded=0",)


class Limits(NamedTuple):
    """When to warn and when it is critical: the range of each metric that counts."""

    warning: dict[str, threshold.Range]
    critical: dict[str, threshold.Range]


def read_limits(warning: Sequence[str], critical: Sequence[str]) -> Limits:
    """Limits from texts such as `exceeded=3`, `compliance=60:` or just `0`; without any, no task may be late.

    Raises:
        InvalidInput: there is no such metric, or a range cannot be read.
    """
    if not warning and not critical:
        warning = critical = DEFAULT
    return Limits(dict(map(_read, warning)), dict(map(_read, critical)))


def judge(found: Survey, limits: Limits) -> CheckShape:
    """What a survey comes to."""
    code = _code(found.statistics, limits)
    return {
        "state": STATES[code],
        "exit_code": code,
        "summary": f"SLA {STATES[code]} - {_tell(found, limits)}",
        "worst": _worst(found),
        "statistics": found.statistics,
    }


def value(statistics: StatisticsShape, metric: str) -> float:
    """The number of a metric."""
    number: float = statistics[METRICS[metric]]  # type: ignore[literal-required]  # one of three keys of it
    return number


def compliance(statistics: StatisticsShape) -> str:
    """The compliance rate as text."""
    perfect = statistics["on_time"] == statistics["total_in_progress"]
    return sla.percentage(statistics["compliance_rate"], perfect=perfect)


def _read(text: str) -> tuple[str, threshold.Range]:
    name, separator, limit = text.partition("=")
    metric = name.strip().replace("-", "_") if separator else "exceeded"
    if metric not in METRICS:
        hint = suggestion(metric, list(METRICS)) or f"the metrics are {', '.join(METRICS)}"
        raise InvalidInput(f"there is no metric {shown(name)}", hint=hint)
    return metric, threshold.parse(limit if separator else text)


def _code(statistics: StatisticsShape, limits: Limits) -> int:
    if _alerts(statistics, limits.critical):
        return 2
    return 1 if _alerts(statistics, limits.warning) else 0


def _alerts(statistics: StatisticsShape, ranges: dict[str, threshold.Range]) -> bool:
    return any(wanted.alerts(value(statistics, metric)) for metric, wanted in ranges.items())


def _tell(found: Survey, limits: Limits) -> str:
    statistics, asked = found.statistics, {*limits.warning, *limits.critical}
    parts = [f"{statistics['exceeded'] or 'none'} of {statistics['total_in_progress']} tasks overdue"]
    if worst := _worst(found):
        parts[0] += f" (worst {worst} +{found.violations[0]['exceeded_by']} min)"
    if "at_risk" in asked:
        parts.append(f"{statistics['at_risk']} at risk")
    if "compliance" in asked:
        parts.append(f"compliance {compliance(statistics)}")
    return ", ".join(parts)


def _worst(found: Survey) -> str | None:
    return found.violations[0]["task_code"] if found.violations else None
