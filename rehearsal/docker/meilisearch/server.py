#!/usr/bin/env python3
"""A server with Meilisearch's keys and indexes: what the platform sets up, without any search.

MEILI_MASTER_KEY is the account that makes keys. A key's text is derived from it and the key's uid,
as in the real server, so clients can know it beforehand. Ocim's tests ask it, too.
"""

import hashlib
import hmac
import json
import os
import signal
import sys
from datetime import UTC, datetime
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

STATE = Path(os.environ.get("MEILI_DB_PATH", "/meili_data")) / "rehearsal.json"
MASTER = os.environ["MEILI_MASTER_KEY"]
HOST, _, PORT = os.environ.get("MEILI_HTTP_ADDR", "0.0.0.0:7700").rpartition(":")
VERSION = {"commitSha": "", "commitDate": "", "pkgVersion": "1.36.0"}
LOCK = Lock()
FORBIDDEN = (
    403,
    {
        "message": "The provided API key is invalid.",
        "code": "invalid_api_key",
        "type": "auth",
        "link": "",
    },
)


def load() -> dict[str, Any]:
    """Return keys by uid, indexes by uid, and tasks in order."""
    if STATE.exists():
        return dict(json.loads(STATE.read_text()))
    return {"keys": {}, "indexes": {}, "tasks": []}


def store(state: dict[str, Any]) -> None:
    unfinished = STATE.with_suffix(".new")
    unfinished.write_text(json.dumps(state))
    unfinished.rename(STATE)


def text_of(uid: str) -> str:
    """Return the key with this uid, as clients send it."""
    return hmac.new(MASTER.encode(), uid.encode(), hashlib.sha256).hexdigest()


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def missing(kind: str, uid: str) -> tuple[int, dict[str, Any]]:
    message = f"{kind.capitalize()} `{uid}` not found."
    return 404, {"message": message, "code": f"{kind}_not_found", "type": "invalid_request"}


def answer(method: str, path: str, body: Any, key: str) -> tuple[int, Any]:
    """Return status and content for a call with this key; change the state if it is one."""
    kind, _, rest = path.strip("/").partition("/")
    if kind == "health":
        return 200, {"status": "available"}
    with LOCK:
        state = load()
        own = [
            options
            for uid, options in state["keys"].items()
            if hmac.compare_digest(text_of(uid), key)
        ]
        patterns = [pattern for options in own for pattern in options["indexes"]]
        actions = {action for options in own for action in options["actions"]}
        if key != MASTER and not patterns:
            return FORBIDDEN
        wanted = "keys.get" if method == "GET" else "keys.change"
        if key != MASTER and kind == "keys" and not actions & {"*", wanted}:
            return FORBIDDEN
        name = body["uid"] if kind == "indexes" and not rest else rest.partition("/")[0]
        if kind == "indexes" and key != MASTER and not any(fnmatch(name, p) for p in patterns):
            return FORBIDDEN
        return act(state, method, f"{kind}/{rest}".rstrip("/"), body)


def act(state: dict[str, Any], method: str, path: str, body: Any) -> tuple[int, Any]:
    """Answer a call whose key has been checked."""
    kind, _, rest = path.partition("/")
    if method == "GET":
        return look(state, path)
    if kind == "keys":
        return change_key(state, method, rest, body)
    if kind == "indexes":
        return change_index(state, method, rest, body)
    return missing("route", path)


def look(state: dict[str, Any], path: str) -> tuple[int, Any]:
    """Answer a call that changes nothing."""
    kind, _, rest = path.partition("/")
    whole: dict[str, Any] = {
        "version": VERSION,
        "keys": {"results": list(state["keys"].values())},
        "stats": {
            "databaseSize": 0,
            "indexes": {
                uid: {"numberOfDocuments": index.get("documents", 0)}
                for uid, index in state["indexes"].items()
            },
        },
    }
    if path in whole:
        return 200, whole[path]
    if kind == "tasks" and rest.isdigit() and int(rest) < len(state["tasks"]):
        return 200, state["tasks"][int(rest)]
    if kind in {"keys", "indexes"} and rest:
        found = state[kind].get(rest)
        return (200, found) if found else missing(kind.removesuffix("s").removesuffix("e"), rest)
    return missing("route", path)


def change_key(
    state: dict[str, Any], method: str, uid: str, body: Any
) -> tuple[int, dict[str, Any] | None]:
    if method == "DELETE":
        present = state["keys"].pop(uid, None)
        store(state)
        return (204, None) if present else missing("key", uid)
    times = {"createdAt": now(), "updatedAt": now()}
    key = {**body, "key": text_of(body["uid"]), **times}
    state["keys"][body["uid"]] = key
    store(state)
    return 201, key


def change_index(
    state: dict[str, Any], method: str, path: str, body: Any
) -> tuple[int, dict[str, Any]]:
    uid, _, part = path.partition("/")
    uid = uid or body["uid"]
    new = {"uid": uid, "primaryKey": None, "createdAt": now(), "updatedAt": now()}
    index = state["indexes"].setdefault(uid, new)
    if method == "POST" and part == "documents":
        index["documents"] = index.get("documents", 0) + len(body)
    if method == "DELETE" and not part:
        del state["indexes"][uid]
    task: dict[str, Any] = {
        "uid": len(state["tasks"]),
        "taskUid": len(state["tasks"]),
        "indexUid": uid,
        "status": "succeeded",
        "type": "indexCreation",
        "details": {},
        "error": None,
        "canceledBy": None,
        "duration": "PT0S",
        **dict.fromkeys(("enqueuedAt", "startedAt", "finishedAt"), now()),
    }
    state["tasks"].append(task)
    store(state)
    return 202, {**task, "status": "enqueued"}


class Call(BaseHTTPRequestHandler):
    """A call of a client."""

    def handle_call(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or "null")
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status, content = answer(self.command, urlsplit(self.path).path, body, key)
        data = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_call  # noqa: N815


if __name__ == "__main__":
    # The first process of a container ignores signals that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    server = ThreadingHTTPServer((HOST, int(PORT)), Call)
    print(f"Listening at http://{HOST}:{server.server_port}", flush=True)  # noqa: T201
    server.serve_forever()
