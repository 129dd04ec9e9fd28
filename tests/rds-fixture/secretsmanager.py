"""Secrets Manager, by moto; what moto doesn't check is checked before it is asked: the signature, as the service itself has it.

Tests put secrets by POST /secret on the control port, {"name", "value"}: a new one, or a new version of what there is.
"""

import http.client
import json
from http.server import BaseHTTPRequestHandler

import faults
import signature
from service import ServiceError

JSON = "application/x-amz-json-1.1"
PREFIX = "secretsmanager."
# Nothing but the region is read of it.
CREDENTIAL = "AWS4-HMAC-SHA256 Credential=TEST/20300101/{}/secretsmanager/aws4_request, SignedHeaders=host, Signature=0"


class Moto:
    """moto's server; one region of it."""

    def __init__(self, region):
        # Takes a second to import, and few tests need it.
        from moto.moto_server.threaded_moto_server import ThreadedMotoServer
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        self.address, self.region = server.get_host_and_port(), region

    def ask(self, target, body):
        connection = http.client.HTTPConnection(*self.address)
        try:
            connection.request("POST", "/", body, {"content-type": JSON, "x-amz-target": target, "authorization": CREDENTIAL.format(self.region)})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def put(self, name, value):
        status, answer = self.ask(PREFIX + "CreateSecret", json.dumps({"Name": name, "SecretString": value}))
        if status != 200:
            status, answer = self.ask(PREFIX + "PutSecretValue", json.dumps({"SecretId": name, "SecretString": value}))
        assert status == 200, answer


def handler(state):
    state.moto = Moto(state.settings["region"])
    return Handler


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        state = self.server.state
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        target = self.headers.get("x-amz-target") or ""
        path = "/" + target
        fault = state.faults.next(path)
        state.note(path, self.headers, body, fault)
        if fault:
            return faults.act(self, fault)
        status, answer = self.refusal(state, body) or state.moto.ask(target, body)
        faults.write(self, status, {}, answer, len(answer))

    def refusal(self, state, body):
        """The service's checks before it looks at what is asked."""
        try:
            signature.check(self.command, self.path, self.headers, body, state.settings, "secretsmanager")
        except ServiceError as error:
            # This protocol has the name in the body, and 400 for all that is the client's.
            return 400, json.dumps({"__type": error.name, "message": error.message}).encode()
        if self.path != "/" or self.headers.get("content-type") != JSON:
            return 400, b'{"__type": "SerializationException"}'
        return None

    def log_message(self, *arguments):
        pass
