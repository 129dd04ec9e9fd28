"""The bits of every REAL in column `v` of table `v` of an SQLite file, in the order of `at`; null for other values.

Python's own sqlite3 is the witness: it reads the double as it is in the file, where the command's printing and reading of
17 digits may be off by the last one.
"""

import json
import sqlite3
import struct
import sys

rows = sqlite3.connect(sys.argv[1]).execute("SELECT CASE typeof(v) WHEN 'real' THEN v END FROM v ORDER BY at")
print(json.dumps([None if value is None else struct.pack(">d", value).hex() for (value,) in rows]))
