"""The part of PayPal's payments API that the shop uses, with a buyer who always agrees."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

CLIENT = ("client id", "client secret")


@dataclass
class Sandbox:
    """Requests to the sandbox, by payment and sale."""

    url: str = ""
    payments: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    state: str = "approved"


@contextmanager
def paypal_sandbox() -> Iterator[Sandbox]:
    """Run a sandbox on a free port, until the block ends."""
    sandbox = Sandbox()
    handler = type("Handler", (Handler,), {"sandbox": sandbox})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        sandbox.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield sandbox
        finally:
            server.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    sandbox: ClassVar[Sandbox]

    def log_message(self, *_args: object) -> None:
        pass

    def do_GET(self) -> None:
        """Show the page on which the buyer agrees, which leads back to the shop."""
        payment_id = parse_qs(urlsplit(self.path).query)["token"][0]
        back = self.sandbox.payments[payment_id]["redirect_urls"]["return_url"]
        query = urlencode({"paymentId": payment_id, "token": "EC-1", "PayerID": "PAYER"})
        self.send_response(302)
        self.send_header("Location", f"{back}?{query}")
        self.end_headers()

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts[1:] == ["oauth2", "token"]:
            self.token()
        elif self.headers["Authorization"] != "Bearer A21":
            self.answer(401, {"name": "AUTHENTICATION_FAILURE", "message": "No token."})
        elif parts[1:] == ["payments", "payment"]:
            self.begin(json.loads(sent))
        elif parts[-1] == "execute":
            self.execute(parts[-2], json.loads(sent))
        else:
            self.sandbox.refunds.append((parts[-2], json.loads(sent)))
            self.answer(201, {"id": "REFUND-1", "state": "completed"})

    def token(self) -> None:
        expected = requests.auth._basic_auth_str(*CLIENT)
        if self.headers["Authorization"] != expected:
            self.answer(401, {"error": "invalid_client"})
        else:
            self.answer(200, {"access_token": "A21", "token_type": "Bearer", "expires_in": 3600})

    def begin(self, payment: dict[str, Any]) -> None:
        payment_id = f"PAY-{len(self.sandbox.payments) + 1}"
        self.sandbox.payments[payment_id] = payment
        approval = f"{self.sandbox.url}/approve?token={payment_id}"
        links = [{"rel": "self", "href": "x"}, {"rel": "approval_url", "href": approval}]
        self.answer(201, {"id": payment_id, "state": "created", "links": links})

    def execute(self, payment_id: str, sent: dict[str, Any]) -> None:
        payment = self.sandbox.payments[payment_id]
        transaction = payment["transactions"][0]
        sale = {"sale": {"id": f"SALE-{payment_id}", "amount": transaction["amount"]}}
        self.answer(
            200,
            {
                "id": payment_id,
                "state": self.sandbox.state,
                "payer": {"payer_info": {"email": "buyer@example.com", **sent}},
                "transactions": [{**transaction, "related_resources": [sale]}],
            },
        )

    def answer(self, status: int, body: dict[str, Any]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
