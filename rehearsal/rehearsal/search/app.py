"""The WSGI application: whom it lets in, what it hands to whom, and how answers look."""

import json
import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from rehearsal.search import database, routes  # noqa: F401 (the table of addresses)
from rehearsal.search.accounts import Door
from rehearsal.search.calls import Answer, Call, find
from rehearsal.search.refusals import Refused, malformed

MAX_BODY = 100 * 1024 * 1024
StartResponse = Callable[[str, list[tuple[str, str]]], object]
log = logging.getLogger("rehearsal.search")


class Application:
    """WSGI application on the indexes in the file `path`; `password` is that of `elastic`."""

    def __init__(self, path: Path, *, password: str, cluster: str) -> None:
        self.path = path
        self.cluster = cluster
        self.door = Door(password)
        database.prepare(path)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        headers = [("X-Elastic-Product", "Elasticsearch")]
        try:
            answer = self.answer(environ)
        except Refused as refused:
            answer = Answer(refused.body, refused.status)
            if refused.status == HTTPStatus.UNAUTHORIZED:
                headers.append(("WWW-Authenticate", 'Basic realm="security" charset="UTF-8"'))
        except Exception:
            log.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            fault = Refused(500, "exception", "The server failed; its log says why.")
            answer = Answer(fault.body, 500)
        if isinstance(answer.body, str):
            headers.append(("Content-Type", "text/plain; charset=UTF-8"))
            content = answer.body.encode()
        else:
            headers.append(("Content-Type", "application/json; charset=UTF-8"))
            content = json.dumps(answer.body, ensure_ascii=False).encode()
        headers.append(("Content-Length", str(len(content))))
        status = HTTPStatus(answer.status)
        start_response(f"{status.value} {status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]

    def answer(self, environ: dict[str, Any]) -> Answer:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAX_BODY:
            raise Refused(413, "content_too_long_exception", f"more than {MAX_BODY} bytes")
        # The path as sent: PATH_INFO does not distinguish a slash in an id from other slashes.
        sent = environ.get("RAW_URI", "").partition("?")[0]
        path = sent if sent.startswith("/") else quote(environ.get("PATH_INFO", ""))
        path = f"/{path.strip('/')}"
        # Read all before the transaction: while it is open, other requests wait.
        content = environ["wsgi.input"].read(length)
        matched, names = find(environ["REQUEST_METHOD"], path)
        with database.connect(self.path, writes=matched.writes) as connection:
            account = self.door.admit(connection, environ.get("HTTP_AUTHORIZATION", ""))
            call = Call(
                method=environ["REQUEST_METHOD"],
                path=path,
                query=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
                content=content,
                database=connection,
                account=account,
                cluster=self.cluster,
            )
            for name in call.query:
                if name not in matched.query:
                    raise malformed(
                        f"request [{call.path}] contains unrecognized parameter: [{name}]"
                    )
            result = matched.handler(call, **{key: unquote(text) for key, text in names.items()})
        return result if isinstance(result, Answer) else Answer(result)
