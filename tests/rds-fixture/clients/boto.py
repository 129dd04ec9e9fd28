"""boto3 against the stand-in. Usage: boto.py ENDPOINT CA RESOURCE SECRET; prints what it saw as JSON."""

import json
import sys

import boto3
from botocore.exceptions import ClientError

endpoint, ca, resource, secret = sys.argv[1:]
client = boto3.client("rds-data", endpoint_url=endpoint, verify=ca, region_name="eu-central-1")
target = {"resourceArn": resource, "secretArn": secret}

seen = {}
answer = client.execute_statement(
    **target, sql="SELECT :n::int8 AS n, :d::numeric AS d, :b::bytea AS b, NULL::text AS t", includeResultMetadata=True,
    parameters=[{"name": "n", "value": {"longValue": 7}}, {"name": "d", "value": {"stringValue": "1.50"}, "typeHint": "DECIMAL"},
                {"name": "b", "value": {"blobValue": b"\x00\xff"}}])
seen["names"] = [column["name"] for column in answer["columnMetadata"]]
seen["record"] = [answer["records"][0][0], answer["records"][0][1], {"blobValue": list(answer["records"][0][2]["blobValue"])},
                  answer["records"][0][3]]
transaction = client.begin_transaction(**target)["transactionId"]
client.execute_statement(**target, sql="CREATE TABLE b (n int)", transactionId=transaction)
sets = [[{"name": "n", "value": {"longValue": n}}] for n in (1, 2, 3)]
client.batch_execute_statement(**target, sql="INSERT INTO b VALUES (:n)", parameterSets=sets, transactionId=transaction)
seen["committed"] = client.commit_transaction(resourceArn=resource, secretArn=secret, transactionId=transaction)["transactionStatus"]
transaction = client.begin_transaction(**target)["transactionId"]
client.execute_statement(**target, sql="DELETE FROM b", transactionId=transaction)
seen["rolled_back"] = client.rollback_transaction(resourceArn=resource, secretArn=secret, transactionId=transaction)["transactionStatus"]
seen["rows"] = client.execute_statement(**target, sql="SELECT count(*) FROM b")["records"][0][0]["longValue"]
try:
    client.execute_statement(**target, sql="SELECT * FROM nowhere")
except ClientError as error:
    seen["error"] = [error.response["Error"]["Code"], "SQLState: 42P01" in error.response["Error"]["Message"]]
print(json.dumps(seen))
