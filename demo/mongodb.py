"""A server that speaks MongoDB's protocol, with its users, in memory: `python -m demo.mongodb`.

There is no MongoDB to be had from Debian, PyPI or npm. This one knows the commands that Ocim sends,
checks passwords by SCRAM-SHA-256 as MongoDB does, and keeps rights: users of a database read and
write there, those of `admin` do everything.
"""

import hashlib
import hmac
import os
import socketserver
import struct
import sys
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import bson

from demo.servers import PASSWORD

OP_MSG, OP_REPLY, OP_QUERY = 2013, 1, 2004
HEADER = struct.Struct("<iiii")
ITERATIONS = 4096
LIMITS = {
    "maxBsonObjectSize": 16777216,
    "maxMessageSizeBytes": 48000000,
    "maxWriteBatchSize": 100000,
    "minWireVersion": 0,
    "maxWireVersion": 21,
    "saslSupportedMechs": ["SCRAM-SHA-256"],
}

SECONDARY = {"isWritablePrimary": False, "secondary": True, "setName": "main", "hosts": []}


class Refused(Exception):
    """An answer with an error code of MongoDB."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def unauthorized() -> Refused:
    return Refused(13, "command requires authentication or more rights")


@dataclass
class State:
    """Users and collections of a server."""

    version: str = "7.0.28"
    checks_rights: bool = True
    primary: bool = True
    users: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """Users by database and name, with `pwd`, `roles` and `customData`."""
    data: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    """Documents by database and collection."""


class Session:
    """A connection: who has signed in on it, and its commands."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.user: tuple[str, str] | None = None
        self.conversation: dict[str, Any] = {}

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        name, database = next(iter(command)), str(command.get("$db", "admin"))
        try:
            if name in ("hello", "ismaster", "isMaster"):
                if self.state.primary:
                    return {**LIMITS, "isWritablePrimary": True, "ismaster": True, "ok": 1.0}
                return {**LIMITS, **SECONDARY, "ok": 1.0}
            run: Callable[..., dict[str, Any]] = getattr(self, f"do_{name}", self.unknown)
            if name not in ("saslStart", "saslContinue", "endSessions"):
                self.require(database, writes=name in ("insert", "find", "dbStats"))
            return {**run(database, command), "ok": 1.0}
        except Refused as error:
            return {"ok": 0.0, "code": error.code, "errmsg": str(error)}

    def unknown(self, _database: str, command: dict[str, Any]) -> dict[str, Any]:
        raise Refused(59, f"no such command: '{next(iter(command))}'")

    def require(self, database: str, *, writes: bool) -> None:
        """Raise Refused unless whoever signed in may do it."""
        if not self.state.checks_rights:
            return
        if self.user is None:
            raise unauthorized()
        own = self.user[0] == "admin" or (writes and self.user[0] == database)
        if not own:
            raise unauthorized()

    def do_saslStart(self, database: str, command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if command["mechanism"] != "SCRAM-SHA-256":
            raise Refused(2, "Unsupported mechanism")
        bare = bytes(command["payload"]).decode().split(",", 2)[2]
        fields = dict(part.split("=", 1) for part in bare.split(","))
        name = fields["n"].replace("=2C", ",").replace("=3D", "=")
        salt = b64encode(os.urandom(16)).decode()
        nonce = fields["r"] + b64encode(os.urandom(18)).decode()
        first = f"r={nonce},s={salt},i={ITERATIONS}"
        self.conversation = {"bare": bare, "first": first, "salt": salt, "user": (database, name)}
        return {"conversationId": 1, "done": False, "payload": first.encode()}

    def do_saslContinue(self, _database: str, command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        final = bytes(command["payload"]).decode()
        without_proof, _, proof = final.rpartition(",p=")
        talk = self.conversation
        known = self.state.users.get(talk["user"], {"pwd": os.urandom(8).hex()})
        salted = hashlib.pbkdf2_hmac(
            "sha256", known["pwd"].encode(), b64decode(talk["salt"]), ITERATIONS
        )
        key = hmac.digest(salted, b"Client Key", "sha256")
        text = f"{talk['bare']},{talk['first']},{without_proof}".encode()
        signature = hmac.digest(hashlib.sha256(key).digest(), text, "sha256")
        sent = bytes(a ^ b for a, b in zip(b64decode(proof), signature, strict=True))
        if not hmac.compare_digest(sent, key):
            raise Refused(18, "Authentication failed.")
        self.user = talk["user"]
        server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), text, "sha256")
        return {
            "conversationId": 1,
            "done": True,
            "payload": f"v={b64encode(server).decode()}".encode(),
        }

    def do_endSessions(self, _database: str, _command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {}

    def do_buildInfo(self, _database: str, _command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"version": self.state.version}

    def do_connectionStatus(self, _database: str, _command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        roles = self.state.users[self.user]["roles"] if self.user else []
        return {"authInfo": {"authenticatedUserRoles": roles}}

    def do_usersInfo(self, database: str, command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        every = command["usersInfo"] == {"forAllDBs": True}
        return {
            "users": [
                {"user": name, "db": place, **{k: v for k, v in user.items() if k != "pwd"}}
                for (place, name), user in self.state.users.items()
                if every or place == database
            ]
        }

    def do_createUser(self, database: str, command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        key = (database, command["createUser"])
        if key in self.state.users:
            raise Refused(51003, f'User "{key[1]}@{database}" already exists')
        self.state.users[key] = {name: command.get(name) for name in ("pwd", "roles", "customData")}
        return {}

    def do_updateUser(self, database: str, command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        user = self.state.users[database, command["updateUser"]]
        user.update({name: command[name] for name in ("pwd", "roles") if name in command})
        return {}

    def do_dropUser(self, database: str, command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if self.state.users.pop((database, command["dropUser"]), None) is None:
            raise Refused(11, "User not found")
        return {}

    def do_dropAllUsersFromDatabase(  # noqa: N802
        self, database: str, _command: dict[str, Any]
    ) -> dict[str, Any]:
        for key in [key for key in self.state.users if key[0] == database]:
            del self.state.users[key]
        return {}

    def do_dropDatabase(self, database: str, _command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.state.data.pop(database, None)
        return {}

    def do_dbStats(self, database: str, _command: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        collections = self.state.data.get(database, {})
        return {"collections": len(collections), "objects": sum(map(len, collections.values()))}

    def do_insert(self, database: str, command: dict[str, Any]) -> dict[str, Any]:
        documents = self.state.data.setdefault(database, {}).setdefault(command["insert"], [])
        documents.extend(command["documents"])
        return {"n": len(command["documents"])}

    def do_find(self, database: str, command: dict[str, Any]) -> dict[str, Any]:
        name = command["find"]
        documents = self.state.data.get(database, {}).get(name, [])
        return {"cursor": {"id": 0, "ns": f"{database}.{name}", "firstBatch": documents}}


class Connection(socketserver.StreamRequestHandler):
    """A client's connection: messages in, messages out."""

    def handle(self) -> None:
        session = Session(self.server.state)  # type: ignore[attr-defined]
        while len(head := self.rfile.read(HEADER.size)) == HEADER.size:
            length, number, _, code = HEADER.unpack(head)
            body = self.rfile.read(length - HEADER.size)
            if code == OP_QUERY:  # the first greeting of a client
                answer = session.answer({"hello": 1})
                data = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(answer)
                self.send(number, OP_REPLY, data)
            else:
                answer = session.answer(message(body))
                self.send(number, OP_MSG, struct.pack("<I", 0) + b"\0" + bson.encode(answer))

    def send(self, number: int, code: int, data: bytes) -> None:
        self.wfile.write(HEADER.pack(HEADER.size + len(data), 0, number, code) + data)


def message(body: bytes) -> dict[str, Any]:
    """Return the command of an OP_MSG, with the documents of its other sections."""
    position = 4
    command: dict[str, Any] = {}
    while position < len(body):
        kind, position = body[position], position + 1
        size = struct.unpack_from("<i", body, position)[0]
        section, position = body[position : position + size], position + size
        if kind == 0:
            command = {**bson.decode(section), **command}
        else:
            name, _, documents = section[4:].partition(b"\0")
            command[name.decode()] = list(bson.decode_iter(documents))
    first = next((name for name in command if name[0] != "$" and name != "documents"), "")
    return {first: command.pop(first), **command}


class Server(socketserver.ThreadingTCPServer):
    """A server with this state; port 0 stands for a free one."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, state: State, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        super().__init__(address, Connection)
        self.state = state


@contextmanager
def running_mongodb(state: State) -> Iterator[int]:
    """Yield the port of a server with this state, until the block ends."""
    with Server(state) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def user(password: str, role: str, database: str) -> dict[str, Any]:
    """Return a user with one role."""
    return {"pwd": password, "roles": [{"role": role, "db": database}], "customData": None}


if __name__ == "__main__":
    _host, _, _port = sys.argv[1].rpartition(":")
    _users = {
        ("admin", "ocim"): user(PASSWORD, "root", "admin"),
        ("openedx", "openedx"): user(PASSWORD, "readWrite", "openedx"),
    }
    Server(State(users=_users), (_host, int(_port))).serve_forever()
