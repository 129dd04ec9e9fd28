// @aws-sdk/client-rds-data against the stand-in. Usage: node sdk.mjs MODULES ENDPOINT RESOURCE SECRET (and NODE_EXTRA_CA_CERTS); prints
// what it saw as JSON.
import { createRequire } from "node:module";

const [modules, endpoint, resourceArn, secretArn] = process.argv.slice(2);
const sdk = createRequire(`${modules}/package.json`)("@aws-sdk/client-rds-data");
const client = new sdk.RDSDataClient({ endpoint, region: "eu-central-1" });
const target = { resourceArn, secretArn };
const send = (command, more) => client.send(new sdk[`${command}Command`]({ ...target, ...more }));

const seen = {};
const answer = await send("ExecuteStatement", {
  sql: "SELECT :n::int8 AS n, :d::numeric AS d, :b::bytea AS b, NULL::text AS t",
  includeResultMetadata: true,
  parameters: [
    { name: "n", value: { longValue: 7 } },
    { name: "d", value: { stringValue: "1.50" }, typeHint: "DECIMAL" },
    { name: "b", value: { blobValue: new Uint8Array([0, 255]) } },
  ],
});
const [n, d, b, t] = answer.records[0];
seen.names = answer.columnMetadata.map((column) => column.name);
seen.record = [n, d, { blobValue: [...b.blobValue] }, t];
let { transactionId } = await send("BeginTransaction");
await send("ExecuteStatement", { sql: "CREATE TABLE n (n int)", transactionId });
const parameterSets = [1, 2, 3].map((value) => [{ name: "n", value: { longValue: value } }]);
await send("BatchExecuteStatement", { sql: "INSERT INTO n VALUES (:n)", parameterSets, transactionId });
seen.committed = (await send("CommitTransaction", { transactionId })).transactionStatus;
({ transactionId } = await send("BeginTransaction"));
await send("ExecuteStatement", { sql: "DELETE FROM n", transactionId });
seen.rolled_back = (await send("RollbackTransaction", { transactionId })).transactionStatus;
seen.rows = (await send("ExecuteStatement", { sql: "SELECT count(*) FROM n" })).records[0][0].longValue;
try {
  await send("ExecuteStatement", { sql: "SELECT * FROM nowhere" });
} catch (error) {
  seen.error = [error.name, error.message.includes("SQLState: 42P01")];
}
console.log(JSON.stringify(seen));
