"""The service's operations, over PostgreSQL."""

import json
import secrets
import threading

STATEMENT_TIMEOUT_MS = 45_000


class ServiceError(Exception):
    def __init__(self, status, name, message):
        super().__init__(message)
        self.status, self.name, self.message = status, name, message


class Service:
    def __init__(self, settings, pool):
        self.settings = settings
        self.pool = pool
        self.lock = threading.Lock()
        self.transactions = {}

    def open_transactions(self):
        with self.lock:
            return len(self.transactions)

    def handle(self, path, body):
        operations = {"/Execute": self.execute, "/BatchExecute": self.batch, "/BeginTransaction": self.begin,
                      "/CommitTransaction": self.commit, "/RollbackTransaction": self.rollback}
        if path not in operations:
            raise ServiceError(404, "NotFoundException", path)
        try:
            request = json.loads(body)
        except ValueError:
            raise ServiceError(400, "SerializationException", "the body is not JSON")
        for needed in ["resourceArn", "secretArn"]:
            if not isinstance(request.get(needed), str):
                raise ServiceError(400, "BadRequestException", f"{needed} is missing")
        if request["secretArn"] not in self.settings["secrets"]:
            raise ServiceError(400, "SecretsErrorException", "The secret wasn't found")
        return operations[path](request)

    def connect(self, request):
        return self.pool.take(self.settings["secrets"][request["secretArn"]], request.get("database"))

    def find(self, request):
        with self.lock:
            found = self.transactions.get(request.get("transactionId"))
        if not found:
            raise ServiceError(404, "TransactionNotFoundException", f"Transaction {request.get('transactionId')} is not found")
        return found

    def run(self, request, work):
        if request.get("transactionId"):
            connection = self.find(request)
            with connection.lock:
                return work(connection)
        connection = self.connect(request)
        try:
            return work(connection)
        finally:
            self.pool.give_back(connection)

    def execute(self, request):
        return self.run(request, lambda connection: connection.execute(
            request["sql"], request.get("parameters") or [], request.get("includeResultMetadata", False),
            request.get("resultSetOptions") or {}))

    def batch(self, request):
        sets = request.get("parameterSets") or [[]]

        def work(connection):
            for parameters in sets:
                connection.execute(request["sql"], parameters, False, {})
            return {"updateResults": [{"generatedFields": []} for _ in sets]}
        return self.run(request, work)

    def begin(self, request):
        connection = self.connect(request)
        connection.plain("BEGIN")
        name = secrets.token_urlsafe(32)
        with self.lock:
            self.transactions[name] = connection
        return {"transactionId": name}

    def commit(self, request):
        return self.end(request, "COMMIT", "Transaction Committed")

    def rollback(self, request):
        connection = self.find(request)
        if connection.lock.locked():
            connection.cancel()
        return self.end(request, "ROLLBACK", "Rollback Complete")

    def end(self, request, statement, status):
        connection = self.find(request)
        with self.lock:
            self.transactions.pop(request["transactionId"], None)
        with connection.lock:
            connection.plain(statement)
            self.pool.give_back(connection)
        return {"transactionStatus": status}
