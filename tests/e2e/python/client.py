"""A client of PyPI's `mcp`: lists the tools, does the main job on each database, provokes an error; prints what it saw as JSON.

Usage: client.py http|sse URL MODE DATABASE...  |  client.py stdio CONFIG MODE DATABASE...
MODE: auto, legacy, or a protocol version. The client itself holds structured content against the output schemas.
"""

import asyncio
import json
import os
import sys

from mcp.client.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters


def server(transport: str, target: str):
    if transport == "http":
        return target
    if transport == "sse":
        return sse_client(target)
    return StdioServerParameters(command=os.environ["BULKHEAD_BIN"], args=["stdio", "--config", target])


def plain(result):
    return {
        "is_error": bool(result.is_error),
        "structured": result.structured_content,
        "text": [part.text for part in result.content],
    }


async def main(transport: str, target: str, mode: str, databases: list[str]) -> None:
    async with Client(server(transport, target), mode=mode) as client:
        tools = await client.list_tools()
        seen = {"protocol": client.protocol_version, "tools": sorted(tool.name for tool in tools.tools), "databases": {}}
        seen["list_databases"] = plain(await client.call_tool("list_databases", {}))
        for database in databases:
            call = {"database_id": database}
            seen["databases"][database] = {
                "query": plain(await client.call_tool("query", call | {"sql": "SELECT 1 AS one, 'zwei' AS two"})),
                "error": plain(await client.call_tool("query", call | {"sql": "SELECT * FROM nowhere_at_all"})),
                "tables": plain(await client.call_tool("list_tables", call)),
                "table": plain(await client.call_tool("describe_table", call | {"table": "fruit"})),
                "next": plain(await client.call_tool("query", call | {"sql": "SELECT count(*) FROM fruit"})),
            }
        print(json.dumps(seen))


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]))
