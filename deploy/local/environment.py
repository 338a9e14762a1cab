"""The environment of each process, under the names that docker-compose.yml uses too."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.local import secret_store
from deploy.local.processes import PROCESSES, RELAYED, SERVICES, named
from deploy.local.settings import Settings

VHOST = "keqiao"
MAIL_FROM = "KeQiao <notices@keqiao.invalid>"
#: Room for a round of some 20,000 requests; docs/operate.md says what to do for more.
SOLVER_MEMORY_MIB = "4096"
#: Names that are no process: who inspects (checker), who may do all in tests (operator), who drives the demo,
#: and the step that makes all queues (prepare).
SPECIAL = ("checker", "operator", "demo", "prepare")
MIGRATE = "-migrate"


def environment(settings: Settings, name: str) -> dict[str, str]:
    """The variables of a process, of `<service>-migrate` or of one of SPECIAL; LookupError for others."""
    secrets = secret_store.load(settings.state)
    if name in SPECIAL:
        return _common(settings, name) | _SPECIAL[name](settings, secrets)
    if name.endswith(MIGRATE):
        return _migrate(settings, secrets, name.removesuffix(MIGRATE))
    process = named(name)
    if process.is_service:
        return _service(settings, secrets, name)
    return _common(settings, name) | _OTHERS.get(name, _nothing)(settings, secrets)


def known_names() -> tuple[str, ...]:
    """Every name that `environment` answers for."""
    return (*PROCESSES, *(f"{service}{MIGRATE}" for service in SERVICES), *SPECIAL)


def database_url(settings: Settings, role: str, secret: str, database: str) -> str:
    """A libpq address in this stack's cluster."""
    return f"postgresql://{role}:{secret}@{settings.address('postgres')}/{database}"


def amqp_url(settings: Settings, user: str, secret: str) -> str:
    """The address of this stack's vhost for one user."""
    return f"amqp://{user}:{secret}@{settings.address('rabbitmq')}/{VHOST}"


def _common(settings: Settings, name: str) -> dict[str, str]:
    common = {
        "KEQIAO_ENVIRONMENT": settings.environment,
        "KEQIAO_SERVICE": name,
        "KEQIAO_STATE": str(settings.state),
    }
    movable = {} if settings.environment == "production" else {"CLOCK_FILE": str(settings.clock)}
    return common | movable


def _service(settings: Settings, secrets: Mapping[str, str], name: str) -> dict[str, str]:
    return _common(settings, name) | {
        "DATABASE_URL": database_url(settings, name, secrets[f"database.{name}"], name),
        "AMQP_URL": amqp_url(settings, name, secrets[f"amqp.{name}"]),
        "HTTP_ADDRESS": settings.address(name, "http"),
        "METRICS_ADDRESS": settings.address(name, "metrics"),
        "KEYS_URL": f"http://{settings.address('accounts')}/api/v1/keys",
        "PUBLIC_URL": _public_url(settings),
        "PSYCOPG_WAIT_FUNC": "wait_selector",  # psycopg's own wait blocks the whole eventlet hub
        **_OF_ONE_SERVICE.get(name, _nothing)(settings, secrets),
    }


def _migrate(settings: Settings, secrets: Mapping[str, str], service: str) -> dict[str, str]:
    owner = f"{service}_owner"
    variables = _service(settings, secrets, service)
    variables["DATABASE_OWNER_URL"] = database_url(settings, owner, secrets[f"database.{owner}"], service)
    if service == "accounts":
        variables["BOOTSTRAP_OPERATOR_PASSWORD"] = secrets["bootstrap.operator"]
    return variables


def _relay(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        "RELAY_DATABASE_URL": database_url(settings, "relay", secrets["database.relay"], "{service}"),
        "RELAY_SERVICES": ",".join(RELAYED),
        "AMQP_URL": amqp_url(settings, "relay", secrets["amqp.relay"]),
        "METRICS_ADDRESS": settings.address("relay", "metrics"),
    }


def _solver(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url(settings, "matcher", secrets["database.matcher"], "matcher"),
        "METRICS_ADDRESS": settings.address("solver", "metrics"),
        "NUMBA_CACHE_DIR": str(settings.compiled),
        "SOLVER_MEMORY_MIB": SOLVER_MEMORY_MIB,
    }


def _mail(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        "SMTP_ADDRESS": settings.address("mail", "smtp"),
        "HTTP_ADDRESS": settings.address("mail", "http"),
        "MAIL_FOLDER": str(settings.state / "mail"),
    }


def _checker(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        "CHECKER_DATABASE_URL": database_url(settings, "checker", secrets["database.checker"], "{service}"),
        "AMQP_URL": amqp_url(settings, "operator", secrets["amqp.operator"]),
        "ELASTICSEARCH_URL": _elasticsearch_url(settings),
        "PUBLIC_URL": _public_url(settings),
    }


def _operator(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url(settings, "postgres", secrets["database.postgres"], "{service}"),
        "AMQP_URL": amqp_url(settings, "operator", secrets["amqp.operator"]),
        "ELASTICSEARCH_URL": _elasticsearch_url(settings),
        "MAIL_URL": f"http://{settings.address('mail', 'http')}",
        "PUBLIC_URL": _public_url(settings),
        "BOOTSTRAP_OPERATOR_PASSWORD": secrets["bootstrap.operator"],
    }


def _demo(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        "PUBLIC_URL": _public_url(settings),
        "MAIL_URL": f"http://{settings.address('mail', 'http')}",
        "BOOTSTRAP_OPERATOR_PASSWORD": secrets["bootstrap.operator"],
    }


def _prepare(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {
        f"AMQP_URL_{service.upper()}": amqp_url(settings, service, secrets[f"amqp.{service}"])
        for service in SERVICES
    }


def _accounts_only(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {"ACCOUNTS_KEY_SECRET": secrets["accounts.key"]}


def _search_only(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {"ELASTICSEARCH_URL": _elasticsearch_url(settings)}


def _notices_only(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {"SMTP_ADDRESS": settings.address("mail", "smtp"), "MAIL_FROM": MAIL_FROM}


def _nothing(settings: Settings, secrets: Mapping[str, str]) -> dict[str, str]:
    return {}


def _public_url(settings: Settings) -> str:
    return f"http://{settings.address('edge')}"


def _elasticsearch_url(settings: Settings) -> str:
    return f"http://{settings.address('elasticsearch')}"


_OF_ONE_SERVICE = {"accounts": _accounts_only, "search": _search_only, "notices": _notices_only}
_OTHERS = {"relay": _relay, "solver": _solver, "mail": _mail}
_SPECIAL = {"checker": _checker, "operator": _operator, "demo": _demo, "prepare": _prepare}
