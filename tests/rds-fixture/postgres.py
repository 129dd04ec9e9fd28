"""PostgreSQL under the service: connections, statements, values."""

import base64
import re
import threading

from psycopg import pq

from service import STATEMENT_TIMEOUT_MS, ServiceError

RESPONSE_LIMIT = 1024 * 1024
HINTS = {"JSON": 114, "UUID": 2950, "TIMESTAMP": 1114, "DATE": 1082, "TIME": 1083, "DECIMAL": 1700}
PARAMETER = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$|::|(?<!:):([^\W\d]\w*)", re.S)


class Pool:
    def __init__(self, settings, aliases):
        self.settings = settings
        self.aliases = aliases
        self.lock = threading.Lock()
        self.idle = {}

    def take(self, user, database):
        key = (user["user"], self.aliases.get(database, database) or self.settings["database"])
        with self.lock:
            idle = self.idle.setdefault(key, [])
            if idle:
                return idle.pop()
        return Connection(self.settings, user, key)

    def give_back(self, connection):
        connection.plain("DISCARD ALL")
        connection.plain(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
        with self.lock:
            self.idle[connection.key].append(connection)


class Connection:
    def __init__(self, settings, user, key):
        self.key = key
        self.lock = threading.Lock()
        options = {"host": settings["host"], "port": settings["port"], "dbname": key[1], "user": user["user"],
                   "password": user["password"], "sslmode": "prefer", "client_encoding": "UTF8", "options": "-c TimeZone=UTC"}
        quoted = " ".join("{}='{}'".format(name, str(value).replace("\\", "\\\\").replace("'", "\\'"))
                          for name, value in options.items())
        self.pg = pq.PGconn.connect(quoted.encode())
        if self.pg.status != pq.ConnStatus.OK:
            raise ServiceError(400, "DatabaseErrorException", self.pg.error_message.decode(errors="replace"))
        self.types = {}
        self.plain(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")

    def plain(self, sql):
        self.pg.exec_(sql.encode())

    def cancel(self):
        self.pg.get_cancel().cancel()

    def rows(self, sql):
        result = self.pg.exec_(sql.encode())
        return [[(result.get_value(row, column) or b"").decode() for column in range(result.nfields)] for row in range(result.ntuples)]

    def execute(self, sql, parameters, metadata, options):
        text, values, types, formats = bind(sql, parameters)
        result = self.pg.exec_params(text.encode(), values, types, formats, 0)
        if result.status not in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY):
            raise failure(result)
        if result.nfields == 0:
            return {"numberOfRecordsUpdated": result.command_tuples or 0, "generatedFields": []}
        columns = [self.type_of(result.ftype(at)) for at in range(result.nfields)]
        records, size = [], 0
        for row in range(result.ntuples):
            record = []
            for at, name in enumerate(columns):
                value = result.get_value(row, at)
                size += len(value or b"")
                record.append({"isNull": True} if value is None else field(name, value.decode(), options))
            if size > RESPONSE_LIMIT:
                raise ServiceError(400, "BadRequestException", "Database returned more than the allowed response size limit")
            records.append(record)
        answer = {"numberOfRecordsUpdated": 0, "records": records}
        if metadata:
            answer["columnMetadata"] = [self.metadata(result, at, name) for at, name in enumerate(columns)]
        return answer

    def type_of(self, oid):
        if oid not in self.types:
            rows = self.rows(f"SELECT typname FROM pg_catalog.pg_type WHERE oid = {oid}")
            # In a transaction that has failed nothing can be asked; but then there was no result either.
            self.types[oid] = rows[0][0] if rows else "unknown"
        return self.types[oid]

    def metadata(self, result, at, name):
        modifier, precision, scale, nullable = result.fmod(at), 0, 0, 2
        if name == "numeric" and modifier >= 4:
            precision, scale = (modifier - 4) >> 16 & 0xFFFF, modifier - 4 & 0x7FF
        elif name in ("varchar", "bpchar"):
            precision = modifier - 4 if modifier >= 4 else 2147483647
        if result.ftable(at):
            rows = self.rows("SELECT attnotnull FROM pg_catalog.pg_attribute "
                             f"WHERE attrelid = {result.ftable(at)} AND attnum = {result.ftablecol(at)}")
            nullable = 0 if rows and rows[0][0] == "t" else 1
        label = result.fname(at).decode()
        return {"name": label, "label": label, "typeName": name, "type": 0, "precision": precision, "scale": scale, "nullable": nullable,
                "schemaName": "", "tableName": "", "isAutoIncrement": False, "isSigned": True, "isCurrency": False,
                "isCaseSensitive": False, "arrayBaseColumnType": 0}


def bind(sql, parameters):
    given = {one["name"]: one for one in parameters}
    numbers, values, types, formats = {}, [], [], []

    def number(match):
        name = match.group(2)
        if name is None:
            return match.group(0)
        if name not in given:
            raise ServiceError(400, "BadRequestException", f"Cannot find parameter: {name}")
        if name not in numbers:
            numbers[name] = len(numbers) + 1
            value, kind, form = parameter(given[name])
            values.append(value)
            types.append(kind)
            formats.append(form)
        return f"${numbers[name]}"
    return PARAMETER.sub(number, sql), values, types, formats


def parameter(one):
    ((member, value),) = one["value"].items()
    if member == "isNull":
        return None, HINTS.get(one.get("typeHint"), 0), 0
    if member == "longValue":
        return str(value).encode(), 20, 0
    if member == "doubleValue":
        return repr(float(value)).encode(), 701, 0
    if member == "booleanValue":
        return (b"t" if value else b"f"), 16, 0
    if member == "blobValue":
        return base64.b64decode(value), 17, 1
    if member == "stringValue":
        return value.encode(), HINTS.get(one.get("typeHint"), 1043), 0
    raise ServiceError(400, "BadRequestException", "Array parameters are not supported.")


def field(name, text, options):
    if name == "bool":
        return {"booleanValue": text == "t"}
    if name in ("int2", "int4", "int8", "oid"):
        return {"stringValue": text} if options.get("longReturnType") == "STRING" else {"longValue": int(text)}
    if name in ("float4", "float8"):
        return {"doubleValue": number(text)}
    if name == "numeric" and options.get("decimalReturnType") == "DOUBLE_OR_LONG":
        return {"doubleValue": number(text)}
    if name == "bytea":
        return {"blobValue": base64.b64encode(bytes.fromhex(text[2:])).decode()}
    if name == "timestamptz":
        return {"stringValue": text.removesuffix("+00")}
    if name.startswith("_"):
        return {"arrayValue": array(name[1:], text)}
    return {"stringValue": text}


def number(text):
    return text if text in ("NaN", "Infinity", "-Infinity") else float(text)


def array(name, text):
    if text.startswith("{{") or text.startswith("["):
        raise ServiceError(400, "UnsupportedResultException", "The result contains a multidimensional array")
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|([^{},"]+)', text)
    values = [re.sub(r"\\(.)", r"\1", quoted) if not plain else (None if plain == "NULL" else plain) for quoted, plain in parts]
    if name in ("int2", "int4", "int8", "oid"):
        return {"longValues": [value if value is None else int(value) for value in values]}
    if name in ("float4", "float8"):
        return {"doubleValues": [value if value is None else number(value) for value in values]}
    if name == "bool":
        return {"booleanValues": [value if value is None else value == "t" for value in values]}
    return {"stringValues": values}


def failure(result):
    def part(which):
        return (result.error_field(which) or b"").decode(errors="replace")
    state = part(pq.DiagnosticField.SQLSTATE)
    text = f"ERROR: {part(pq.DiagnosticField.MESSAGE_PRIMARY)}"
    for name, which in [("Detail", pq.DiagnosticField.MESSAGE_DETAIL), ("Hint", pq.DiagnosticField.MESSAGE_HINT),
                        ("Position", pq.DiagnosticField.STATEMENT_POSITION), ("Where", pq.DiagnosticField.CONTEXT)]:
        if part(which):
            text += f"\n  {name}: {part(which)}"
    return ServiceError(400, "DatabaseErrorException", f"{text}; SQLState: {state}")
