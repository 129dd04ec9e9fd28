// Tedious against the tests' TDS server: a client's main jobs, one JSON line at the end. Run in the folder that has it.
const assert = require('node:assert');
const fs = require('node:fs');
const { createRequire } = require('node:module');

const server = JSON.parse(process.env.BULKHEAD_TEST_TDS);
const { Connection, Request, TYPES } = createRequire(`${server.tedious}/`)('tedious');
const owner = server.users.owner;
const SECONDS = 20_000;

function connect(mode, authentication = { type: 'default', options: { userName: owner.name, password: owner.password } }, encrypt = mode === 'strict' ? 'strict' : mode === 'on') {
  const connection = new Connection({
    server: server.host,
    authentication,
    options: {
      port: server.ports[mode],
      database: server.database,
      encrypt,
      trustServerCertificate: false,
      cryptoCredentialsDetails: { ca: fs.readFileSync(server.ca_file) },
      connectTimeout: SECONDS,
      requestTimeout: SECONDS,
      useUTC: true,
    },
  });
  return new Promise((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve(connection))));
}

// Rows of every result, output parameters, the return code.
function run(connection, sql, { parameters = [], outputs = [], how = 'execSql' } = {}) {
  return new Promise((resolve, reject) => {
    const found = { sets: [], outputs: {} };
    const request = new Request(sql, (error) => (error ? reject(error) : resolve(found)));
    request.on('columnMetadata', () => found.sets.push([]));
    request.on('row', (columns) => found.sets.at(-1).push(columns.map((column) => column.value)));
    request.on('returnValue', (name, value) => (found.outputs[name] = value));
    request.on('doneProc', (count, more, code) => (found.code = code));
    for (const [name, type, value] of parameters) request.addParameter(name, type, value);
    for (const [name, type] of outputs) request.addOutputParameter(name, type);
    connection[how](request);
  });
}

const promised = (connection, method) => new Promise((resolve, reject) => connection[method]((error) => (error ? reject(error) : resolve())));

async function main() {
  const modes = {};
  for (const mode of ['none', 'on', 'strict']) {
    const connection = await connect(mode);
    const { sets } = await run(connection, 'SELECT encryption FROM fixture.sessions WHERE session_id = @@SPID');
    modes[mode] = sets[0][0][0];
    connection.close();
  }
  assert.deepStrictEqual(modes, { none: 'none', on: 'on', strict: 'strict' });
  const byToken = await connect('on', { type: 'azure-active-directory-access-token', options: { token: server.token } });
  assert.deepStrictEqual((await run(byToken, 'SELECT SUSER_SNAME(), fedauth FROM fixture.sessions WHERE session_id = @@SPID')).sets[0][0], [owner.name, true]);
  byToken.close();

  const connection = await connect('on');
  const types = [
    ['CAST(-2147483648 AS int)', -2147483648],
    ['CAST(9223372036854775807 AS bigint)', '9223372036854775807'],
    ["CAST('12345.6789' AS decimal(20, 4))", 12345.6789],
    ["CAST('-1.5' AS money)", -1.5],
    ['CAST(1.5e300 AS float)', 1.5e300],
    ["CAST(N'grüße ☃' AS nvarchar(10))", 'grüße ☃'],
    ["CAST('Привет' COLLATE Cyrillic_General_CI_AS AS varchar(10))", '??????'],
    ["CAST(N'Привет' COLLATE Cyrillic_General_CI_AS AS nvarchar(10))", 'Привет'],
    ["CAST('2024-02-29 23:59:59.997' AS datetime)", new Date('2024-02-29T23:59:59.997Z')],
    ["CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)", '6F9619FF-8B86-D011-B42D-00C04FC964FF'],
    ["CAST('<a>1</a>' AS xml)", '<a>1</a>'],
    ["CAST(CAST(7 AS smallint) AS sql_variant)", 7],
    ['CAST(NULL AS datetimeoffset)', null],
  ];
  const { sets: [[row]] } = await run(connection, `SELECT ${types.map(([sql]) => sql).join(', ')}`, { how: 'execSqlBatch' });
  types.forEach(([sql, value], index) => assert.deepStrictEqual(row[index], value, sql));

  const echoed = await run(connection, 'SELECT @i, @s, @d, @b, @n', {
    parameters: [['i', TYPES.Int, 42], ['s', TYPES.NVarChar, "O'Hara ☃"], ['d', TYPES.DateTime2, new Date('2024-02-29T01:02:03Z')], ['b', TYPES.VarBinary, Buffer.from([0, 255])], ['n', TYPES.Bit, null]],
  });
  assert.deepStrictEqual(echoed.sets[0][0], [42, "O'Hara ☃", new Date('2024-02-29T01:02:03Z'), Buffer.from([0, 255]), null]);

  await run(connection, 'CREATE OR ALTER PROCEDURE dbo.doubled_tedious @value int, @twice int OUTPUT AS SET @twice = @value * 2; RETURN 7', { how: 'execSqlBatch' });
  const called = await run(connection, 'dbo.doubled_tedious', { parameters: [['value', TYPES.Int, 21]], outputs: [['twice', TYPES.Int]], how: 'callProcedure' });
  assert.deepStrictEqual([called.outputs.twice, called.code], [42, 7]);

  await assert.rejects(run(connection, 'SELECT 1 / 0'), (error) => error.number === 8134 && error.class === 16);
  await assert.rejects(run(connection, "RAISERROR('no luck', 16, 3)"), (error) => error.number === 50000 && error.state === 3);
  await assert.rejects(connect('none', { type: 'default', options: { userName: owner.name, password: 'not it' } }), /Login failed/);

  const several = await run(connection, "SELECT 1; SELECT N'two'; SELECT value FROM GENERATE_SERIES(1, 3000)");
  assert.deepStrictEqual([several.sets[0], several.sets[1], several.sets[2].length], [[[1]], [['two']], 3000]);

  // An attention on a statement that waits, and the connection goes on.
  const start = Date.now();
  const waiting = run(connection, "WAITFOR DELAY '00:00:30'");
  setTimeout(() => connection.cancel(), 200);
  await assert.rejects(waiting, /Canceled/);
  assert(Date.now() - start < 5_000, 'cancelled late');

  await run(connection, 'DROP TABLE IF EXISTS dbo.kept_tedious; CREATE TABLE dbo.kept_tedious (id int IDENTITY PRIMARY KEY, name nvarchar(20) NOT NULL)', { how: 'execSqlBatch' });
  const counts = [];
  for (const end of ['rollbackTransaction', 'commitTransaction']) {
    await promised(connection, 'beginTransaction');
    await run(connection, "INSERT INTO dbo.kept_tedious (name) VALUES (N'naïve')");
    await promised(connection, end);
    counts.push((await run(connection, 'SELECT count(*) FROM dbo.kept_tedious')).sets[0][0][0]);
  }
  assert.deepStrictEqual(counts, [0, 1]);
  connection.close();

  // Its session is clean after a reset.
  const reused = await connect('on');
  await run(reused, 'CREATE TABLE #mine (id int)', { how: 'execSqlBatch' });
  await promised(reused, 'reset');
  assert.deepStrictEqual((await run(reused, "SELECT resets FROM fixture.sessions WHERE session_id = @@SPID")).sets[0][0], [1]);
  await assert.rejects(run(reused, 'SELECT * FROM #mine'), (error) => error.number === 208);
  reused.close();

  // Sent elsewhere, it goes there.
  const moved = server.users.moved;
  const routed = await connect('login', { type: 'default', options: { userName: moved.name, password: moved.password } }, true);
  const at = await run(routed, 'SELECT encryption FROM fixture.sessions WHERE session_id = @@SPID');
  routed.close();
  console.log(JSON.stringify({ modes, routed: at.sets[0][0][0] }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
