"""A server on loopback that speaks enough of SQL Server's protocol to be read from and loaded into."""

from __future__ import annotations

import re
import socket
import sqlite3
import struct
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

Rows = tuple[Sequence[str], Sequence[Sequence[Any]]]

DONE = b"\xfd\x00\x00\x00\x00" + bytes(8)
#: no encryption
PRELOGIN = bytes([0, 0, 16, 0, 6, 1, 0, 22, 0, 1, 4, 0, 23, 0, 1, 255, 12, 0, 7, 208, 0, 0, 2, 0])


class SqlServer:
    """Answers statements by ``answer``: names and rows, a text for an error, how many rows changed, or ``None``.

    What is loaded is in ``loaded``, the statements are in ``statements``.
    """

    def __init__(self, answer: Callable[[str], Rows | str | int | None]) -> None:
        self.answer = answer
        self.statements: list[str] = []
        self.loaded: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]

    @property
    def connection_string(self) -> str:
        return f"Driver=SQL Server;Server=127.0.0.1,{self.port};Database=d;Uid=u;Pwd=p"

    def __enter__(self) -> SqlServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as stream:
            while (message := _receive(stream)) is not None:
                kind, payload = message
                if kind == 18:
                    reply = PRELOGIN
                elif kind == 16:
                    name = "test".encode("utf-16-le")
                    ack = b"\x01\x74\x00\x00\x04\x04" + name + b"\x10\x00\x00\x00"
                    reply = b"\xad" + struct.pack("<H", len(ack)) + ack + DONE
                elif kind == 7:
                    self.loaded.append(payload)
                    reply = DONE
                elif kind == 6:
                    reply = b"\xfd\x20\x00\x00\x00" + bytes(8)
                else:
                    statement = payload[22:].decode("utf-16-le")
                    self.statements.append(statement)
                    reply = _reply(self.answer(statement))
                try:
                    client.sendall(_packets(reply))
                except OSError:
                    return


def on_sqlite(tables: dict[str, pd.DataFrame]) -> Callable[[str], Rows | str | int | None]:
    """Answers by SQLite, which is told what is T-SQL's alone."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    for name, frame in tables.items():
        frame.to_sql(name, database, index=False)
    ours = (
        (r"\bN'", "'"),
        (r"COLLATE Latin1_General_100_BIN2", "COLLATE BINARY"),
        (r"\bCOUNT_BIG\b", "COUNT"),
        (r"\bLOG\(", "LN("),
        (r"NVARCHAR\(4000\)", "TEXT"),
        # the types of an answer are those of its values, so one without rows would have none
        (r"WHERE 1 = 0", "LIMIT 1"),
        (r"^IF OBJECT_ID\(.*?\) IS NULL CREATE TABLE", "CREATE TABLE IF NOT EXISTS"),
        (r"\b0x([0-9a-f]*)", r"X'\1'"),
        (r"varbinary\(max\)", "BLOB"),
        (r"^SET XACT_ABORT ON; BEGIN TRANSACTION; (.*); COMMIT TRANSACTION$", r"BEGIN; \1; COMMIT"),
        (r"(?i)\(select top (\d+) (.*?)\n?\)", r"(select \2 limit \1)"),
    )

    def answer(statement: str) -> Rows | str | int | None:
        for theirs, here in ours:
            statement = re.sub(theirs, here, statement, flags=re.DOTALL)
        try:
            if statement.startswith("BEGIN;"):
                database.executescript(statement)
                return None
            cursor = database.execute(statement)
        except sqlite3.Error as error:
            return f"{error}: {statement}"
        if cursor.description is None:
            database.commit()
            return cursor.rowcount
        return [column[0] for column in cursor.description], cursor.fetchall()

    return answer


def _receive(stream: Any) -> tuple[int, bytes] | None:
    payload = b""
    while True:
        header = stream.read(8)
        if len(header) < 8:
            return None
        kind, status, length = struct.unpack(">BBH", header[:4])
        payload += stream.read(length - 8)
        if status & 1:
            return kind, payload


def _packets(payload: bytes) -> bytes:
    pieces = [payload[at : at + 4088] for at in range(0, len(payload), 4088)]
    headers = [
        struct.pack(">BBHHBB", 4, int(at == len(pieces) - 1), len(piece) + 8, 0, 1, 0)
        for at, piece in enumerate(pieces)
    ]
    return b"".join(header + piece for header, piece in zip(headers, pieces, strict=True))


def _reply(answer: Rows | str | int | None) -> bytes:
    if answer is None:
        return DONE
    if isinstance(answer, int):
        return b"\xfd\x10\x00\x00\x00" + struct.pack("<q", answer)
    if isinstance(answer, str):
        text = answer.encode("utf-16-le")
        error = struct.pack("<IBBH", 208, 1, 16, len(answer)) + text + b"\x00\x00" + struct.pack("<I", 1)
        return b"\xaa" + struct.pack("<H", len(error)) + error + DONE
    names, rows = answer
    kinds = [_kind([row[at] for row in rows]) for at in range(len(names))]
    reply = b"\x81" + struct.pack("<H", len(names))
    for name, kind in zip(names, kinds, strict=True):
        reply += bytes(4) + b"\x09\x00" + KINDS[kind] + bytes([len(name)]) + name.encode("utf-16-le")
    for row in rows:
        reply += b"\xd1" + b"".join(_cell(value, kind) for value, kind in zip(row, kinds, strict=True))
    return reply + DONE


KINDS = {
    int: b"\x26\x04",
    float: b"\x6d\x08",
    str: b"\xe7\xa0\x0f\x09\x04\xd0\x00\x34",
    bytes: b"\xa5\xff\xff",
}


def _kind(values: Sequence[Any]) -> type:
    found = {type(value) for value in values if value is not None}
    return float if found == {int, float} else found.pop() if found else int


def _cell(value: Any, kind: type) -> bytes:
    if kind is bytes:
        # one chunk
        return struct.pack("<QI", len(value), len(value)) + value + bytes(4)
    if kind is str:
        if value is None:
            return b"\xff\xff"
        text = value.encode("utf-16-le")
        return struct.pack("<H", len(text)) + text
    if value is None:
        return b"\x00"
    return b"\x04" + struct.pack("<i", value) if kind is int else b"\x08" + struct.pack("<d", value)
