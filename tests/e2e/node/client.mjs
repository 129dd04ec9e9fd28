// npm's clients of both eras: lists the tools, does the main job on each database, provokes an error; one JSON line at the end.
//
// Usage: client.mjs sdk|client http URL MODE DATABASE...  |  client.mjs sdk|client stdio CONFIG MODE DATABASE...
//        client.mjs sdk sse URL MODE DATABASE...
// MODE: auto or legacy; `sdk`, the older package, knows only the latter. Both hold structured content against the output schemas.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [packaged, transport, target, mode, ...databases] = process.argv.slice(2);
const { resolve } = createRequire(`${process.env.BULKHEAD_TEST_NPM_MCP}/`);
const load = (name) => import(pathToFileURL(resolve(`@modelcontextprotocol/${name}`)));

const [Client, Http, Stdio] = packaged === 'sdk'
  ? [
      (await load('sdk/client/index.js')).Client,
      (await load('sdk/client/streamableHttp.js')).StreamableHTTPClientTransport,
      (await load('sdk/client/stdio.js')).StdioClientTransport,
    ]
  : [
      (await load('client')).Client,
      (await load('client')).StreamableHTTPClientTransport,
      (await load('client/stdio')).StdioClientTransport,
    ];
const connect = {
  http: () => new Http(new URL(target)),
  sse: async () => new (await load('sdk/client/sse.js')).SSEClientTransport(new URL(target)),
  stdio: () => new Stdio({ command: process.env.BULKHEAD_BIN, args: ['stdio', '--config', target], env: process.env, stderr: 'ignore' }),
};
const connection = await connect[transport]();

const client = new Client({ name: 'npm', version: '1' }, packaged === 'sdk' ? {} : { versionNegotiation: { mode } });
await client.connect(connection);
const call = async (name, args) => {
  const { isError, structuredContent, content } = await client.callTool({ name, arguments: args });
  return { is_error: isError === true, structured: structuredContent, text: content.map((part) => part.text) };
};
const { tools } = await client.listTools();
const seen = {
  protocol: client.getNegotiatedProtocolVersion?.() ?? connection.protocolVersion ?? null,
  tools: tools.map((tool) => tool.name).sort(),
  list_databases: await call('list_databases', {}),
  databases: {},
};
for (const database_id of databases) {
  seen.databases[database_id] = {
    query: await call('query', { database_id, sql: "SELECT 1 AS one, 'zwei' AS two" }),
    error: await call('query', { database_id, sql: 'SELECT * FROM nowhere_at_all' }),
    tables: await call('list_tables', { database_id }),
    table: await call('describe_table', { database_id, table: 'fruit' }),
    next: await call('query', { database_id, sql: 'SELECT count(*) FROM fruit' }),
  };
}
await client.close();
console.log(JSON.stringify(seen));
