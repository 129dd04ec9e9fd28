"""A stand-in for the RDS Data API over a real PostgreSQL or MariaDB, for tests.

Every request's signature is computed again by botocore's SigV4Auth from what arrived, and its date is held against the clock; then the
statement runs there with parameters of the types that the service gives them. What it says is that of the service's model; what
the service does beyond its documentation isn't known here.

Usage: fixture.py SETTINGS, a JSON object:
  postgres   host, port, database; or mysql: port, database
  secrets    secretArn -> {user, password}
  keys       access key id -> {secret, token or null}
  region     the only region signed for
  aliases    the name of a database -> its name in PostgreSQL, where it has another
  sts        whether to run STS, too
  secretsmanager  whether to run Secrets Manager, too: see secretsmanager.py
  tls        a folder to write ca.pem into, and serve TLS; null: plain HTTP

Prints ports: the service's, one for tests (see control.py), and that of STS or of Secrets Manager if there is one. Ends when its standard input does.
"""

import json
import socket
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import control
import faults
import postgres
import secretsmanager
import service
import signature
import sts
import tls


def pool(settings):
    aliases = settings.get("aliases", {})
    if "mysql" in settings:
        import mysql
        return mysql.Pool(settings["mysql"], aliases)
    return postgres.Pool(settings["postgres"], aliases)


class State:
    """What both ports share."""

    def __init__(self, settings):
        self.settings = settings
        self.lock = threading.Lock()
        self.requests = []
        self.connections = 0
        self.loads = 0
        self.credentials = {}
        self.faults = faults.Faults()
        self.service = service.Service(settings, pool(settings))

    def note(self, path, headers, body, fault):
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = None
        with self.lock:
            self.requests.append({"path": path, "headers": {name.lower(): value for name, value in headers.items()},
                                  "body": parsed, "fault": fault and fault["kind"]})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write for a head and its body.
    wbufsize = 64 * 1024

    def setup(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()
        with self.server.state.lock:
            self.server.state.connections += 1

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        state = self.server.state
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        fault = state.faults.next(self.path)
        state.note(self.path, self.headers, body, fault)
        if fault and fault.get("before", fault["kind"] not in ("close_at", "length")):
            return faults.act(self, fault)
        try:
            signature.check(self.command, self.path, self.headers, body, state.settings)
            status, headers, answer = 200, {}, state.service.handle(self.path, body)
        except service.ServiceError as error:
            status, headers = error.status, {"x-amzn-ErrorType": error.name + ":http://internal.amazon.com/coral/"}
            answer = {"message": error.message}
        text = json.dumps(answer).encode()
        if fault:
            return faults.act(self, fault, status, headers, text)
        faults.write(self, status, headers, text, len(text))

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # Many clients may come at once.
    request_queue_size = 128

    def __init__(self, state, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.state = state

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self.server_address[1]

    def handle_error(self, request, address):
        # Clients that go in the middle are what many tests are about.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, address)


def main():
    settings = json.loads(sys.argv[1])
    state = State(settings)
    server = Server(state, Handler)
    services = [server]
    if settings.get("secretsmanager"):
        services.append(Server(state, secretsmanager.handler(state)))
    if settings.get("tls"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls.certificates(settings["tls"]))
        context.set_alpn_protocols(["http/1.1"])
        for one in services:
            one.socket = context.wrap_socket(one.socket, server_side=True, do_handshake_on_connect=False)
    ports = [server.start(), Server(state, control.Handler).start()]
    if settings.get("sts"):
        ports.append(sts.start())
    ports += [one.start() for one in services[1:]]
    print(*ports, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
