"""Renders the edge's configuration from the table of routes, for the local stack and for the image."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.settings import CHECKOUT, Settings
from deploy.nginx.routes import RESOURCES
from deploy.usage import takes_nothing

_FOLDER = CHECKOUT / "deploy/nginx"
#: status -> code, English, Chinese; the codes are those of the services where they say the same.
_PROBLEMS = {
    400: ("malformed_request", "This is not a well-formed HTTP request.", "请求格式有误。"),
    404: ("route_not_found", "There is nothing at this address.", "没有这个地址。"),
    405: ("method_not_allowed", "This address does not take this method.", "此地址不接受该方法。"),
    408: ("body_incomplete", "The body did not arrive in time.", "请求体未及时送达。"),
    413: ("body_too_large", "The body is over 1048576 bytes.", "请求体超过 1048576 字节。"),
    414: ("address_too_long", "The address is too long.", "地址过长。"),
    429: ("too_many_requests", "Too many requests; try again in a moment.", "请求过于频繁，请稍后再试。"),
    502: (
        "unavailable",
        "A part of the system does not answer; try again later.",
        "系统某部分暂不可用，请稍后再试。",
    ),
    503: (
        "unavailable",
        "A part of the system does not answer; try again later.",
        "系统某部分暂不可用，请稍后再试。",
    ),
    504: ("no_answer", "A part of the system did not answer in time.", "系统某部分未及时应答，请稍后再试。"),
}

#: Said while the address is not read yet: nginx cannot go to a named location then, and would say 500.
_WITHOUT_ADDRESS = (400, 414)


def for_local_stack(settings: Settings, home: Path, portal: Path) -> str:
    """The whole configuration with this stack's ports and folders; `portal` holds the pages."""
    return render(
        {
            "HEAD": "daemon off;\npid nginx.pid;\n",
            "TEMPORARY": _temporary_paths(home),
            "MIME_TYPES": "/etc/nginx/mime.types",
            "LISTEN": settings.address("edge"),
            "PORTAL": str(portal),
            "UPSTREAMS": upstreams({name: settings.address(name) for name in RESOURCES}),
            "RATE": "2000r/s",
            "BURST": "2000",
            "TOKEN_RATE": "100r/s",
            "TOKEN_BURST": "200",
        }
    )


def for_image() -> str:
    """The configuration that the compose stack's nginx container mounts."""
    return render(
        {
            "HEAD": "daemon off;\npid /tmp/nginx.pid;\n",
            "TEMPORARY": _temporary_paths(Path("/tmp")),
            "MIME_TYPES": "/etc/nginx/mime.types",
            "LISTEN": "8080",
            "PORTAL": "/srv/portal",
            "UPSTREAMS": upstreams({name: f"{name}:8000" for name in RESOURCES}),
            "RATE": "50r/s",
            "BURST": "100",
            "TOKEN_RATE": "5r/s",
            "TOKEN_BURST": "20",
        }
    )


def render(values: Mapping[str, str]) -> str:
    """Fill the template's @NAME@ marks; nginx's own variables stay as they are."""
    text = (_FOLDER / "nginx.conf.template").read_text()
    for name, value in {
        **values,
        "PROBLEMS": _problems(),
        "ROUTES": _routes(),
        "ERROR_PAGES": _error_pages(),
    }.items():
        text = text.replace(f"@{name}@", value)
    return text


def upstreams(addresses: Mapping[str, str]) -> str:
    """One upstream block a service, with kept connections."""
    # A single server is never marked down: the next request tries it again at once.
    return "\n".join(
        f"    upstream {name} {{ server {address} max_fails=0; keepalive 16; }}"
        for name, address in addresses.items()
    )


def _routes() -> str:
    return "\n".join(_route(owner, names) for owner, names in RESOURCES.items())


def _route(owner: str, names: tuple[str, ...]) -> str:
    segments = "|".join(names)
    return f'        "~^/api/v1/({segments})(/|$)" {owner};\n        "/api/v1/{owner}/openapi.json" {owner};'


def _error_pages() -> str:
    return "\n".join(f"        error_page {status} {_place(status)};" for status in _PROBLEMS)


def _place(status: int) -> str:
    return f"/edge/problems/{status}" if status in _WITHOUT_ADDRESS else f"@problem_{status}"


def _problems() -> str:
    return "\n".join(_problem(status, *words) for status, words in _PROBLEMS.items())


def _problem(status: int, code: str, english: str, chinese: str) -> str:
    body = (
        f'{{"type":"/problems/{code}","title":"$problem_detail_{status}","status":{status},"code":"{code}",'
        f'"detail":"$problem_detail_{status}","trace_id":"$trace_id"}}'
    )
    return f"""\
        location {_place(status)} {{
            internal;
            default_type application/problem+json;
            set $problem_detail_{status} "{english}";
            if ($reads_chinese) {{ set $problem_detail_{status} "{chinese}"; }}
            return {status} '{body}';
        }}"""


def _temporary_paths(home: Path) -> str:
    kinds = {"client_body": "body", "proxy": "proxy", "fastcgi": "fastcgi", "uwsgi": "uwsgi", "scgi": "scgi"}
    return "\n".join(f"    {kind}_temp_path {home}/{folder};" for kind, folder in kinds.items())


if __name__ == "__main__":
    takes_nothing("deploy.nginx.rendering", __doc__)
    sys.stdout.write(for_image())
