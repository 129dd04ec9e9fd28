"""MariaDB under the service, as the MySQL that it stands in for: connections, statements, values.

Parameters are written into the text as literals: the service's own driver does much the same.
"""

import base64
import re
import threading

import pymysql
from pymysql.constants import CLIENT, FIELD_TYPE, FLAG

from service import STATEMENT_TIMEOUT_MS, ServiceError

RESPONSE_LIMIT = 1024 * 1024
PARAMETER = re.compile(
    r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"|`[^`]*`|--[^\n]*|#[^\n]*|/\*.*?\*/|(?<![:\w]):([^\W\d]\w*)", re.S)
BINARY = 63
INTEGERS = {FIELD_TYPE.TINY: "TINYINT", FIELD_TYPE.SHORT: "SMALLINT", FIELD_TYPE.INT24: "MEDIUMINT", FIELD_TYPE.LONG: "INT",
            FIELD_TYPE.LONGLONG: "BIGINT"}
OTHERS = {FIELD_TYPE.FLOAT: "FLOAT", FIELD_TYPE.DOUBLE: "DOUBLE", FIELD_TYPE.NEWDECIMAL: "DECIMAL", FIELD_TYPE.BIT: "BIT",
          FIELD_TYPE.DATE: "DATE", FIELD_TYPE.TIME: "TIME", FIELD_TYPE.DATETIME: "DATETIME", FIELD_TYPE.TIMESTAMP: "TIMESTAMP",
          FIELD_TYPE.YEAR: "YEAR", FIELD_TYPE.JSON: "JSON", FIELD_TYPE.NULL: "NULL"}


class Pool:
    """One connection for each request or transaction: nothing of one is left to the next."""

    def __init__(self, settings, aliases):
        self.settings = settings
        self.aliases = aliases

    def take(self, user, database):
        return Connection(self.settings, user, self.aliases.get(database, database) or self.settings["database"])

    def give_back(self, connection):
        connection.db.close()


class Connection:
    def __init__(self, settings, user, database):
        self.lock = threading.Lock()
        self.options = dict(host="127.0.0.1", port=settings["port"], user=user["user"], password=user["password"], database=database,
                            charset="utf8mb4", autocommit=True, conv={}, use_unicode=False, client_flag=CLIENT.FOUND_ROWS,
                            ssl_disabled=True)
        try:
            self.db = pymysql.connect(**self.options)
        except pymysql.MySQLError as error:
            raise failure(error) from None
        self.plain(f"SET time_zone = '+00:00', max_statement_time = {STATEMENT_TIMEOUT_MS // 1000}")

    def plain(self, sql):
        with self.db.cursor() as cursor:
            cursor.execute(sql)

    def cancel(self):
        other = pymysql.connect(**self.options)
        with other.cursor() as cursor:
            cursor.execute(f"KILL QUERY {self.db.thread_id()}")
        other.close()

    def execute(self, sql, parameters, metadata, options):
        with self.db.cursor() as cursor:
            try:
                cursor.execute(bind(self.db, sql, parameters))
            except pymysql.MySQLError as error:
                raise failure(error) from None
            if not cursor.description:
                fields = [{"longValue": cursor.lastrowid}] if cursor.lastrowid else []
                return {"numberOfRecordsUpdated": cursor.rowcount, "generatedFields": fields}
            fields = cursor._result.fields
            records, size = [], 0
            for row in cursor.fetchall():
                size += sum(len(value or b"") for value in row)
                if size > RESPONSE_LIMIT:
                    raise ServiceError(400, "BadRequestException", "Database returned more than the allowed response size limit")
                records.append([value_of(field, value, options) for field, value in zip(fields, row)])
        answer = {"numberOfRecordsUpdated": 0, "records": records}
        if metadata:
            answer["columnMetadata"] = [column(field) for field in fields]
        return answer


def bind(db, sql, parameters):
    given = {one["name"]: one["value"] for one in parameters}

    def written(match):
        name = match.group(1)
        if name is None:
            return match.group(0)
        if name not in given:
            raise ServiceError(400, "BadRequestException", f"Cannot find parameter: {name}")
        return literal(db, given[name])
    return PARAMETER.sub(written, sql)


def literal(db, given):
    ((member, value),) = given.items()
    if member == "isNull":
        return "NULL"
    if member == "blobValue":
        return f"X'{base64.b64decode(value).hex()}'"
    if member == "booleanValue":
        return "TRUE" if value else "FALSE"
    if member == "stringValue":
        return f"'{pymysql.converters.escape_string(value)}'"
    if member in ("longValue", "doubleValue"):
        return repr(value)
    raise ServiceError(400, "BadRequestException", "Array parameters are not supported.")


def type_name(field):
    unsigned = " UNSIGNED" if field.flags & FLAG.UNSIGNED else ""
    if field.type_code in INTEGERS:
        return INTEGERS[field.type_code] + unsigned
    if field.type_code in OTHERS:
        return OTHERS[field.type_code]
    if field.flags & FLAG.ENUM:
        return "ENUM"
    if field.flags & FLAG.SET:
        return "SET"
    binary = field.charsetnr == BINARY
    if field.type_code == FIELD_TYPE.STRING:
        return "BINARY" if binary else "CHAR"
    if field.type_code in (FIELD_TYPE.VAR_STRING, FIELD_TYPE.VARCHAR):
        return "VARBINARY" if binary else "VARCHAR"
    return "BLOB" if binary else "TEXT"


def value_of(field, value, options):
    name = type_name(field)
    if value is None:
        return {"isNull": True}
    if name == "BIT":
        return {"booleanValue": value != b"\x00"} if field.length == 1 else blob(value)
    if field.type_code in INTEGERS or name == "YEAR":
        number = int(value)
        return {"longValue": number} if number < 1 << 63 else {"stringValue": str(number)}
    if name in ("FLOAT", "DOUBLE"):
        return {"doubleValue": float(value)}
    if name == "DECIMAL" and options.get("decimalReturnType") == "DOUBLE_OR_LONG":
        return {"doubleValue": float(value)}
    if name in ("BINARY", "VARBINARY", "BLOB"):
        return blob(value)
    return {"stringValue": value.decode()}


def blob(value):
    return {"blobValue": base64.b64encode(value).decode()}


def column(field):
    name = type_name(field)
    precision, scale = field.length, 0
    if name == "DECIMAL":
        scale = field.scale
        precision = field.length - (1 if scale else 0) - (0 if field.flags & FLAG.UNSIGNED else 1)
    elif name in ("VARCHAR", "CHAR", "TEXT"):
        # Four bytes a character.
        precision = field.length // 4
    label = field.name.decode() if isinstance(field.name, bytes) else field.name
    return {"name": label, "label": label, "typeName": name, "type": 0, "precision": precision, "scale": scale,
            "nullable": 0 if field.flags & FLAG.NOT_NULL else 1, "schemaName": "", "tableName": "",
            "isAutoIncrement": bool(field.flags & FLAG.AUTO_INCREMENT), "isSigned": not field.flags & FLAG.UNSIGNED,
            "isCurrency": False, "isCaseSensitive": False, "arrayBaseColumnType": 0}


def failure(error):
    number, message = error.args[0], error.args[1] if len(error.args) > 1 else str(error)
    return ServiceError(400, "DatabaseErrorException", f"Database error code: {number}. Message: {message}")
