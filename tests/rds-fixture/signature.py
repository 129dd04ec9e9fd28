"""Signatures, checked by computing them again with botocore."""

import datetime
import re

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import sts
from service import ServiceError

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$")
# As AWS: five minutes either way.
SKEW = datetime.timedelta(minutes=5)


def refuse(name, message):
    raise ServiceError(403, name, message)


def check(method, path, headers, body, settings, service="rds-data"):
    found = AUTHORIZATION.match(headers.get("authorization") or "")
    if not found:
        refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
    key, day, region, name, signed, given = found.groups()
    known = settings["keys"].get(key) or (settings.get("sts") and sts.find(key))
    if not known:
        refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
    if (headers.get("x-amz-security-token") or None) != known["token"]:
        refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
    stamp = headers.get("x-amz-date") or ""
    try:
        date = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        refuse("IncompleteSignatureException", "Date must be in ISO-8601 'basic format'.")
    if abs(datetime.datetime.now(datetime.timezone.utc) - date) > SKEW or not stamp.startswith(day):
        refuse("InvalidSignatureException", "Signature expired or not yet current")
    if region != settings["region"] or name != service:
        refuse("InvalidSignatureException", f"Credential should be scoped to a valid region and service, not {region}/{name}")
    names = signed.split(";")
    must = ["host", "x-amz-date"] + (["x-amz-security-token"] if known["token"] else [])
    if any(one not in names for one in must):
        refuse("InvalidSignatureException", "a header that must be signed is not")
    request = AWSRequest(method=method, url=f"https://{headers['host']}{path}", data=body,
                         headers={one: headers.get(one) for one in names if one != "host"})
    request.headers["host"] = headers["host"]
    request.context["timestamp"] = stamp
    auth = SigV4Auth(Credentials(key, known["secret"], known["token"]), name, region)
    canonical = auth.canonical_request(request)
    if auth.signature(auth.string_to_sign(request, canonical), request) != given:
        refuse("InvalidSignatureException", "The request signature we calculated does not match the signature you provided.")
