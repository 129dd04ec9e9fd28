"""The clients of SQL Server for Python against the tests' TDS server: `sqlserver_clients.py NAME`, one JSON line at the end.

Each does a client's main jobs: logs in by every encryption it has, reads every type, sends parameters, meets errors, reads
several results, holds a transaction.
"""

import datetime
import decimal
import json
import os
import sys
import uuid

SERVER = json.loads(os.environ["BULKHEAD_TEST_TDS"])
OWNER = SERVER["users"]["owner"]
SECONDS = 20


class PythonTds:
    modes = ["none", "login", "on"]
    mark = "%s"

    def __init__(self):
        import pytds

        self.module = pytds

    def connect(self, mode, password=None, autocommit=True):
        # Its own check of names needs an older pyOpenSSL than there is; the certificate's chain is checked.
        tls = {"cafile": SERVER["ca_file"], "validate_host": False, "enc_login_only": mode == "login"}
        secured = {} if mode == "none" else tls
        return self.module.connect(
            dsn=SERVER["host"], port=SERVER["ports"][mode], database=SERVER["database"], user=OWNER["name"],
            password=password or OWNER["password"], autocommit=autocommit, timeout=SECONDS, login_timeout=SECONDS,
            disable_connect_retry=True, **secured,
        )

    def number(self, error):
        return error.number

    def next(self, cursor):
        return cursor.nextset()

    def output(self, cursor, procedure, value):
        given = cursor.callproc(procedure, (value, self.module.output(param_type="int")))
        return given[1]


class Pymssql:
    modes = ["none", "login", "on"]
    mark = "%s"

    def __init__(self):
        import pymssql

        self.module = pymssql

    def connect(self, mode, password=None, autocommit=True):
        encryption = {"none": "off", "login": "request", "on": "require"}[mode]
        return self.module.connect(
            server=SERVER["host"], port=str(SERVER["ports"][mode]), database=SERVER["database"], user=OWNER["name"],
            password=password or OWNER["password"], autocommit=autocommit, timeout=SECONDS, login_timeout=SECONDS,
            encryption=encryption,
        )

    def number(self, error):
        first = error.args[0]
        return first if isinstance(first, int) else first[0]

    def next(self, cursor):
        return cursor.nextset()

    def output(self, cursor, procedure, value):
        return cursor.callproc(procedure, (value, self.module.output(int)))[1]


class MssqlPython:
    modes = ["none", "login", "on", "strict"]
    mark = "?"

    def __init__(self):
        import mssql_python

        self.module = mssql_python

    def connect(self, mode, password=None, autocommit=True):
        # Its way to trust an authority of one's own is the system's list; a certificate itself only where TLS comes first.
        secured = {
            "none": "Encrypt=no;TrustServerCertificate=yes",
            "login": "Encrypt=no;TrustServerCertificate=yes",
            "on": "Encrypt=yes;TrustServerCertificate=yes",
            "strict": f"Encrypt=strict;ServerCertificate={SERVER['server_cert']}",
        }[mode]
        return self.module.connect(
            f"SERVER={SERVER['host']},{SERVER['ports'][mode]};DATABASE={SERVER['database']};UID={OWNER['name']};"
            f"PWD={password or OWNER['password']};{secured}",
            autocommit=autocommit,
        )

    def number(self, error):
        # It tells SQLSTATEs and words.
        return {"Divide by zero": 8134, "no luck": 50000, "Login failed": 18456}[
            next(words for words in ("Divide by zero", "no luck", "Login failed") if words in str(error))
        ]

    def next(self, cursor):
        return cursor.nextset()

    output = None


def modes(client):
    """Each mode, as the server saw it."""
    seen = {}
    for mode in client.modes:
        connection = client.connect(mode)
        cursor = connection.cursor()
        cursor.execute("SELECT encryption FROM fixture.sessions WHERE session_id = @@SPID")
        seen[mode] = cursor.fetchone()[0]
        connection.close()
    # A client may encrypt more than it has to.
    for mode, found in seen.items():
        assert found == mode or (mode == "login" and found == "on"), seen
    return seen


def types(cursor):
    """Literals of every type that a DB-API client has a value for."""
    wanted = [
        ("CAST(255 AS tinyint)", 255),
        ("CAST(-32768 AS smallint)", -32768),
        ("CAST(-2147483648 AS int)", -(2**31)),
        ("CAST(9223372036854775807 AS bigint)", 2**63 - 1),
        ("CAST(1 AS bit)", True),
        ("CAST('-12345678901234567890.123456789' AS decimal(38, 9))", decimal.Decimal("-12345678901234567890.123456789")),
        ("CAST('922337203685477.5807' AS money)", decimal.Decimal("922337203685477.5807")),
        ("CAST(1.5e300 AS float)", 1.5e300),
        ("CAST(0.25 AS real)", 0.25),
        ("CAST('abc' AS char(5))", "abc  "),
        ("CAST('abc' AS varchar(10))", "abc"),
        ("CAST(N'grüße ☃ 𝄞' AS nvarchar(20))", "grüße ☃ 𝄞"),
        ("CAST(0x00FF10 AS varbinary(8))", b"\x00\xff\x10"),
        ("CAST('2024-02-29' AS date)", datetime.date(2024, 2, 29)),
        ("CAST('2024-02-29 23:59:59.997' AS datetime)", datetime.datetime(2024, 2, 29, 23, 59, 59, 997000)),
        ("CAST('2024-02-29 12:34:00' AS smalldatetime)", datetime.datetime(2024, 2, 29, 12, 34)),
        ("CAST('9999-12-31 23:59:59.123456' AS datetime2(6))", datetime.datetime(9999, 12, 31, 23, 59, 59, 123456)),
        ("CAST('12:34:56.123456' AS time(6))", datetime.time(12, 34, 56, 123456)),
        ("CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)", uuid.UUID("6F9619FF-8B86-D011-B42D-00C04FC964FF")),
        ("CAST(NULL AS int)", None),
        ("CAST(NULL AS nvarchar(max))", None),
        ("REPLICATE(CAST(N'ü' AS nvarchar(max)), 100000)", "ü" * 100000),
    ]
    cursor.execute("SELECT " + ", ".join(sql for sql, _ in wanted))
    row = cursor.fetchone()
    for (sql, value), found in zip(wanted, row):
        assert found == value, f"{sql}: {found!r}"
    offset = datetime.datetime(2024, 2, 29, 1, 2, 3, 400000, datetime.timezone(datetime.timedelta(minutes=-330)))
    cursor.execute("SELECT CAST('2024-02-29 01:02:03.4 -05:30' AS datetimeoffset(3))")
    assert cursor.fetchone()[0] == offset
    return len(wanted) + 1


def parameters(client, cursor):
    values = [42, 2**40, "O'Hara ☃", decimal.Decimal("12.50"), 1.25, None]
    if NAME != "pymssql":
        # That one writes its parameters into the statement, a moment as text.
        values.append(datetime.datetime(2024, 2, 29, 1, 2, 3))
    cursor.execute("SELECT " + ", ".join([client.mark] * len(values)), tuple(values))
    found = list(cursor.fetchone())
    assert found == values, found
    if client.output:
        cursor.execute("CREATE OR ALTER PROCEDURE dbo.doubled_%s @value int, @twice int OUTPUT AS SET @twice = @value * 2; RETURN 7" % NAME)
        assert client.output(cursor, f"dbo.doubled_{NAME}", 21) == 42


def errors(client, cursor):
    numbers = []
    for sql in ("SELECT 1 / 0", "RAISERROR('no %s', 16, 3, 'luck')"):
        try:
            cursor.execute(sql)
            cursor.fetchall()
        except client.module.Error as error:
            numbers.append(client.number(error))
    try:
        client.connect("none", password="not it")
    except client.module.Error as error:
        numbers.append(client.number(error) if NAME != "pymssql" else 18456 * ("18456" in str(error)))
    assert numbers == [8134, 50000, 18456], numbers
    # None of them took the connection.
    cursor.execute("SELECT 1")
    assert cursor.fetchone()[0] == 1


def results(client, cursor):
    cursor.execute("SELECT 1 AS a; SELECT N'two' AS b; SELECT value FROM GENERATE_SERIES(1, 3000)")
    found = [[list(row) for row in cursor.fetchall()]]
    while client.next(cursor):
        found.append([list(row) for row in cursor.fetchall()])
    assert found[:2] == [[[1]], [["two"]]], found[:2]
    assert found[2] == [[number] for number in range(1, 3001)]


def transactions(client):
    table = f"dbo.kept_{NAME}"
    connection = client.connect("on", autocommit=False)
    cursor = connection.cursor()
    cursor.execute(f"DROP TABLE IF EXISTS {table}")
    cursor.execute(f"CREATE TABLE {table} (id int IDENTITY PRIMARY KEY, name nvarchar(20) NOT NULL)")
    connection.commit()
    counts = []
    for end in (connection.rollback, connection.commit):
        cursor.execute(f"INSERT INTO {table} (name) VALUES ({client.mark})", ("naïve",))
        assert cursor.rowcount == 1, cursor.rowcount
        end()
        cursor.execute(f"SELECT count(*) FROM {table}")
        counts.append(cursor.fetchone()[0])
    connection.rollback()
    connection.close()
    assert counts == [0, 1], counts


NAME = sys.argv[1]
CLIENT = {"python_tds": PythonTds, "pymssql": Pymssql, "mssql_python": MssqlPython}[NAME]()
SEEN = modes(CLIENT)
CONNECTION = CLIENT.connect("on")
CURSOR = CONNECTION.cursor()
TYPES = types(CURSOR)
parameters(CLIENT, CURSOR)
errors(CLIENT, CURSOR)
results(CLIENT, CURSOR)
CONNECTION.close()
transactions(CLIENT)
print(json.dumps({"modes": SEEN, "types": TYPES}))
