"""Reads an Arrow IPC stream from a file, and prints its schema and rows as JSON.

Usage: arrow_stream.py FILE
"""

import json
import sys

import pyarrow.ipc

with pyarrow.ipc.open_stream(sys.argv[1]) as reader:
    table = reader.read_all()
fields = [
    {"name": field.name, "type": str(field.type), "native_type": field.metadata[b"native_type"].decode()} for field in table.schema
]
rows = [[None if cell is None else str(cell) for cell in row.values()] for row in table.to_pylist()]
print(json.dumps({"fields": fields, "rows": rows}))
