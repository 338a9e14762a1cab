"""Renders the edge's configuration from the table of routes, for the local stack and for the image."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.settings import CHECKOUT, Settings
from deploy.nginx.routes import RESOURCES

_FOLDER = CHECKOUT / "deploy/nginx"
_PROBLEMS = {
    404: ("not_found", "Nothing is served at this address", "该地址没有内容"),
    413: ("body_too_large", "The body is larger than this address takes", "提交内容超过大小限制"),
    429: ("too_many_requests", "Too many requests; try again in a moment", "请求过于频繁，请稍后再试"),
    502: ("service_unreachable", "The service behind this address does not answer", "服务暂时无法连接"),
    503: ("service_unavailable", "The service behind this address is not available", "服务暂不可用"),
    504: ("service_timeout", "The service behind this address took too long", "服务响应超时"),
}


def for_local_stack(settings: Settings, home: Path) -> str:
    """The whole configuration with this stack's ports and folders."""
    return render(
        {
            "HEAD": "daemon off;\npid nginx.pid;\n",
            "TEMPORARY": _temporary_paths(home),
            "MIME_TYPES": "/etc/nginx/mime.types",
            "LISTEN": settings.address("edge"),
            "PORTAL": str(settings.checkout / "services/portal/static"),
            "UPSTREAMS": upstreams({name: settings.address(name) for name in RESOURCES}),
            "RATE": "400r/s",
            "TOKEN_RATE": "60r/s",
        }
    )


def for_image() -> str:
    """The configuration that the compose stack's nginx container mounts."""
    return render(
        {
            "HEAD": "daemon off;\npid /tmp/nginx.pid;\n",
            "TEMPORARY": _temporary_paths(Path("/tmp/edge")),
            "MIME_TYPES": "/etc/nginx/mime.types",
            "LISTEN": "8080",
            "PORTAL": "/srv/portal",
            "UPSTREAMS": upstreams({name: f"{name}:8000" for name in RESOURCES}),
            "RATE": "50r/s",
            "TOKEN_RATE": "5r/s",
        }
    )


def render(values: Mapping[str, str]) -> str:
    """Fill the template's @NAME@ marks; nginx's own variables stay as they are."""
    text = (_FOLDER / "nginx.conf.template").read_text()
    for name, value in {**values, "PROBLEMS": _problems(), "ROUTES": _routes()}.items():
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


def _problems() -> str:
    return "\n".join(_problem(status, *words) for status, words in _PROBLEMS.items())


def _problem(status: int, code: str, english: str, chinese: str) -> str:
    body = (
        f'{{"type":"/problems/{code}","title":"{english}","status":{status},"code":"{code}",'
        f'"detail":"$problem_detail_{status}","trace_id":"$trace_id"}}'
    )
    return f"""\
        location @problem_{status} {{
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
    sys.stdout.write(for_image())
