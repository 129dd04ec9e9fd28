"""What can go wrong on the way, on order.

A fault is an object: kind; path (only requests to it; default: all); times (default 1); skip (let so many pass first); before (true: instead of the
statement; false: after it; close_at and length spoil a real answer, so theirs is false unless said, as all others' is true). Kinds:
  exception   status, name, message
  close_at    bytes: the answer is cut there and the connection closed
  garbage     text: sent instead of an answer
  stall       nothing is sent; the connection stays
  length      by: the content-length is wrong by so many bytes, and the connection is closed after the body
  redirect    to: another address
"""

import json
import threading
import time

STALL_SECONDS = 60


class Faults:
    def __init__(self):
        self.lock = threading.Lock()
        self.list = []

    def set(self, faults):
        with self.lock:
            self.list = faults

    def next(self, path):
        with self.lock:
            for fault in self.list:
                if fault.get("path", path) != path or fault.get("times", 1) <= 0:
                    continue
                if fault.get("skip", 0) > 0:
                    fault["skip"] -= 1
                    continue
                fault["times"] = fault.get("times", 1) - 1
                return dict(fault)
        return None


def act(handler, fault, status=200, headers=None, body=b"{}"):
    kind = fault["kind"]
    if kind == "stall":
        time.sleep(STALL_SECONDS)
        handler.close_connection = True
        return
    if kind == "exception":
        answer = b"" if fault.get("message") is None else json.dumps({"message": fault["message"]}).encode()
        return write(handler, fault["status"], {"x-amzn-ErrorType": fault["name"]}, answer, len(answer))
    if kind == "redirect":
        return write(handler, 307, {"location": fault["to"]}, b"", 0)
    handler.close_connection = True
    if kind == "garbage":
        return raw(handler, fault["text"].encode("latin-1"))
    if kind == "length":
        return write(handler, status, headers or {}, body, max(0, len(body) + fault["by"]))
    if kind == "close_at":
        raw(handler, head(status, headers or {}, len(body)).encode("latin-1")[: fault["bytes"]])
        left = fault["bytes"] - len(head(status, headers or {}, len(body)))
        return raw(handler, body[: max(0, left)])
    raise ValueError(kind)


def head(status, headers, length):
    lines = [f"HTTP/1.1 {status} -", "content-type: application/json", f"content-length: {length}"]
    return "\r\n".join(lines + [f"{name}: {value}" for name, value in headers.items()]) + "\r\n\r\n"


def write(handler, status, headers, body, length):
    raw(handler, head(status, headers, length).encode("latin-1") + body)


def raw(handler, text):
    handler.wfile.write(text)
    handler.wfile.flush()
