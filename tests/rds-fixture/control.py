"""What tests ask and tell the stand-in, over plain HTTP on a port of its own; nothing here is signed.

  POST /faults       the list of faults from now on (see faults.py)
  GET  /requests     what has come to the service so far
  POST /secret       a secret of Secrets Manager's (see secretsmanager.py)
  POST /credentials  what GET /credentials gives from now on
  GET  /credentials  credentials as a container's agent gives them; under /latest as an instance's metadata service does
"""

import json
import time
from http.server import BaseHTTPRequestHandler


IAM = "/latest/meta-data/iam/security-credentials/"
ROLE = "the-instances-role"
TOKEN = "a-token-of-the-metadata-service"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        state = self.server.state
        if self.path.startswith("/latest/"):
            return self.metadata(state)
        with state.lock:
            if self.path == "/credentials":
                state.loads += 1
                return self.send(state.credentials)
            return self.send({"requests": state.requests, "connections": state.connections, "loads": state.loads,
                              "transactions": state.service.open_transactions()})

    def do_PUT(self):
        """The metadata service gives nothing but to those who asked for a token."""
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.write(200, TOKEN.encode(), {"x-aws-ec2-metadata-token-ttl-seconds": "21600"})

    def metadata(self, state):
        if self.headers.get("x-aws-ec2-metadata-token") != TOKEN:
            return self.write(401, b"")
        if self.path == IAM:
            return self.write(200, ROLE.encode())
        if self.path != IAM + ROLE:
            return self.write(404, b"")
        with state.lock:
            state.loads += 1
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            return self.send({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": stamp} | state.credentials)

    def do_POST(self):
        state = self.server.state
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/faults":
            state.faults.set(body)
        elif self.path == "/secret":
            state.moto.put(body["name"], body["value"])
        else:
            with state.lock:
                state.credentials = body
        self.send({})

    def send(self, answer):
        self.write(200, json.dumps(answer).encode(), {"content-type": "application/json"})

    def write(self, status, body, headers={}):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass
