"""Stories that real clients of S3 go through: boto3, the `aws` command, and bare HTTP where a client would be too well-behaved.

`python stories.py STORY ENDPOINT BUCKET ACCESS_KEY SECRET [ARGUMENT...]` ends with 0 where the story ends well.
"""

import base64
import concurrent.futures
import hashlib
import http.client
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

STORY, ENDPOINT, BUCKET, ACCESS_KEY, SECRET, *ARGUMENTS = sys.argv[1:]
MIB = 1024 * 1024


def client(access_key=ACCESS_KEY, secret=SECRET):
    return boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=Config(
            s3={"addressing_style": "path"},
            signature_version="s3v4",
            retries={"total_max_attempts": 1},
            max_pool_connections=60,
        ),
    )


s3 = client()


def put(key, body=b"", **others):
    return s3.put_object(Bucket=BUCKET, Key=key, Body=body, **others)


def get(key, **others):
    return s3.get_object(Bucket=BUCKET, Key=key, **others)


def read(key, **others):
    return get(key, **others)["Body"].read()


def code_of(call, *arguments, **others):
    """The error code that a call is refused with, and its status."""
    try:
        call(*arguments, **others)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return None


def expect(expected, call, *arguments, **others):
    found = code_of(call, *arguments, **others)
    assert found == expected, f"{found} instead of {expected}"


def noise(length, seed=0):
    """The same bytes for the same seed."""
    block = hashlib.shake_256(str(seed).encode()).digest(min(length, 65536))
    return (block * (length // max(len(block), 1) + 1))[:length]


def md5(body):
    return hashlib.md5(body).hexdigest()


def at_once(count, work):
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def objects():
    for size in (0, 1, 16384, 16385, 3 * MIB + 7):
        body = noise(size, size)
        assert put("a", body)["ETag"] == f'"{md5(body)}"'
        found = get("a")
        assert found["Body"].read() == body and found["ContentLength"] == size
        assert found["ETag"] == f'"{md5(body)}"' and found["ContentType"] == "binary/octet-stream"
    given = {
        "ContentType": "text/plain; charset=utf-8",
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "ContentEncoding": "identity",
        "ContentLanguage": "de",
        "Metadata": {"colour": "blue", "size": "very large"},
    }
    put("headers", b"text", **given)
    for found in (s3.head_object(Bucket=BUCKET, Key="headers"), get("headers")):
        assert {name: found[name] for name in given} == given, found
        assert found["ContentLength"] == 4
    shown = get("headers", ResponseContentType="image/png")
    assert shown["ContentType"] == "image/png"
    expect(("MetadataTooLarge", 400), put, "large", b"", Metadata={"a": "b" * 2048})
    for more in ({"ServerSideEncryption": "AES256"}, {"Tagging": "a=b"}, {"WebsiteRedirectLocation": "/x"}):
        expect(("NotImplemented", 501), put, "more", b"", **more)
    put("more", b"", ACL="private", StorageClass="STANDARD")
    s3.delete_object(Bucket=BUCKET, Key="more")
    expect(("NoSuchKey", 404), get, "nothing")
    expect(("404", 404), s3.head_object, Bucket=BUCKET, Key="nothing")
    s3.delete_object(Bucket=BUCKET, Key="headers")
    s3.delete_object(Bucket=BUCKET, Key="headers")
    expect(("NoSuchKey", 404), get, "headers")
    for number in range(3):
        put(f"many/{number}")
    wanted = [{"Key": f"many/{number}"} for number in range(4)]
    deleted = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": wanted})
    assert len(deleted["Deleted"]) == 4 and "Errors" not in deleted
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["a"]


def ranges():
    for size in (1000, 300_000):
        body = noise(size)
        put("a", body)
        for header, part in (("0-0", body[:1]), ("10-99", body[10:100]), ("990-", body[990:]), ("-5", body[-5:])):
            found = get("a", Range=f"bytes={header}")
            assert found["Body"].read() == part, header
            assert found["ResponseMetadata"]["HTTPStatusCode"] == 206
            assert found["ContentRange"].endswith(f"/{size}"), found["ContentRange"]
        assert get("a", Range=f"bytes=0-{size * 2}")["ContentRange"] == f"bytes 0-{size - 1}/{size}"
        assert s3.head_object(Bucket=BUCKET, Key="a", Range="bytes=1-2")["ContentLength"] == 2
        expect(("InvalidRange", 416), get, "a", Range=f"bytes={size}-")


def conditions():
    tag = put("a", b"one")["ETag"]
    modified = get("a")["LastModified"]
    assert read("a", IfMatch=tag) == read("a", IfUnmodifiedSince=modified) == b"one"
    assert read("a", IfNoneMatch='"other"') == b"one"
    expect(("304", 304), get, "a", IfNoneMatch=tag)
    expect(("304", 304), get, "a", IfModifiedSince=modified)
    expect(("PreconditionFailed", 412), get, "a", IfMatch='"other"')
    expect(("412", 412), s3.head_object, Bucket=BUCKET, Key="a", IfMatch='"other"')
    expect(("PreconditionFailed", 412), put, "a", b"two", IfNoneMatch="*")
    expect(("PreconditionFailed", 412), put, "a", noise(100_000), IfNoneMatch="*")
    expect(("PreconditionFailed", 412), put, "a", b"two", IfMatch='"other"')
    expect(("NoSuchKey", 404), put, "b", b"two", IfMatch=tag)
    put("a", b"two", IfMatch=tag)
    put("b", b"new", IfNoneMatch="*")
    assert (read("a"), read("b")) == (b"two", b"new")
    expect(("PreconditionFailed", 412), s3.delete_object, Bucket=BUCKET, Key="a", IfMatch=tag)


def checksums():
    body = noise(100_000)
    crc32 = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    # boto3 computes and sends this one by itself, behind the body.
    assert put("a", body)["ChecksumCRC32"] == crc32
    found = s3.head_object(Bucket=BUCKET, Key="a", ChecksumMode="ENABLED")
    assert (found["ChecksumCRC32"], found["ChecksumType"]) == (crc32, "FULL_OBJECT")
    assert "ChecksumCRC32" not in s3.head_object(Bucket=BUCKET, Key="a")
    for name, algorithm in (("SHA1", hashlib.sha1), ("SHA256", hashlib.sha256)):
        total = base64.b64encode(algorithm(body).digest()).decode()
        assert put("a", body, ChecksumAlgorithm=name)[f"Checksum{name}"] == total
        assert get("a", ChecksumMode="ENABLED")[f"Checksum{name}"] == total
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    for size in (10, 100_000):
        expect(("BadDigest", 400), put, "b", noise(size), ChecksumSHA256=wrong)
        wrong_md5 = base64.b64encode(hashlib.md5(b"other").digest()).decode()
        expect(("BadDigest", 400), put, "b", noise(size), ContentMD5=wrong_md5)
        expect(("InvalidDigest", 400), put, "b", noise(size), ContentMD5="bm9uZQ==")
    right_md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    put("c", body, ContentMD5=right_md5)
    expect(("NoSuchKey", 404), get, "b")


def listed(page):
    keys = [found["Key"] for found in page.get("Contents", [])]
    return keys, [found["Prefix"] for found in page.get("CommonPrefixes", [])]


def listing():
    keys = ["a", "a/1", "a/2", "a/b/3", "b", "c/1", "c/2", "d\u00e9", "d\U0001f989", "e f", "e+f", "e/", "~"]
    at_once(len(keys), lambda number: put(keys[number]))
    ordered = sorted(keys, key=lambda key: key.encode())
    for operation in ("list_objects_v2", "list_objects"):
        pages = s3.get_paginator(operation)
        for size in (1, 2, 3, 1000):
            for delimiter in (None, "/", "b"):
                for prefix in ("", "a", "a/", "c/", "d", "nothing"):
                    asked = {"Bucket": BUCKET, "Prefix": prefix, "PaginationConfig": {"PageSize": size}}
                    if delimiter:
                        asked["Delimiter"] = delimiter
                    all_keys, all_prefixes = [], []
                    for page in pages.paginate(**asked):
                        page_keys, page_prefixes = listed(page)
                        assert len(page_keys) + len(page_prefixes) <= size
                        all_keys += page_keys
                        all_prefixes += page_prefixes
                    inside = [key for key in ordered if key.startswith(prefix)]
                    shown = [key for key in inside if not delimiter or delimiter not in key[len(prefix):]]
                    rolled = {
                        key[: key.index(delimiter, len(prefix)) + 1]
                        for key in inside
                        if delimiter and delimiter in key[len(prefix):]
                    }
                    assert all_keys == shown, (operation, size, delimiter, prefix, all_keys)
                    assert all_prefixes == sorted(rolled), (operation, size, delimiter, prefix, all_prefixes)
    page = s3.list_objects_v2(Bucket=BUCKET, StartAfter="a/2", MaxKeys=2)
    assert listed(page)[0] == ["a/b/3", "b"] and page["IsTruncated"] and page["KeyCount"] == 2
    page = s3.list_objects_v2(Bucket=BUCKET, MaxKeys=0)
    assert page["KeyCount"] == 0 and not page["IsTruncated"]
    first = s3.list_objects_v2(Bucket=BUCKET)["Contents"][0]
    assert (first["Size"], first["ETag"]) == (0, f'"{md5(b"")}"')
    expect(("InvalidArgument", 400), s3.list_objects_v2, Bucket=BUCKET, ContinuationToken="*")


def odd_keys():
    keys = ["../x", "../../etc/passwd", "a//b", "//", "./.", "a" * 900, "\u00fc" * 511, "\U0001f989/\u2603", "a b+c%d&e?f#g"]
    keys += ["%2e%2e/x", "trailing/", "new\nline", "quote'\"<>&", "\\back\\slash", "*"]
    for number, key in enumerate(keys):
        put(key, noise(20_000, number), Metadata={"number": str(number)})
    for number, key in enumerate(keys):
        found = get(key)
        assert found["Metadata"]["number"] == str(number), key
        assert found["Body"].read() == noise(20_000, number), key
    assert listed(s3.list_objects_v2(Bucket=BUCKET))[0] == sorted(keys, key=lambda key: key.encode())
    for key in keys:
        s3.copy_object(Bucket=BUCKET, Key=key + "2", CopySource={"Bucket": BUCKET, "Key": key})
        assert len(read(key + "2")) == 20_000
    gone = [{"Key": key} for key in keys + [key + "2" for key in keys]]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": gone, "Quiet": True})
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0
    expect(("KeyTooLongError", 400), put, "a" * 1025)


def copies():
    put("a", noise(50_000), ContentType="text/plain", Metadata={"from": "a"})
    source = {"Bucket": BUCKET, "Key": "a"}
    copied = s3.copy_object(Bucket=BUCKET, Key="b", CopySource=source)["CopyObjectResult"]
    found = get("b")
    assert found["Body"].read() == noise(50_000) and found["ETag"] == copied["ETag"] == f'"{md5(noise(50_000))}"'
    assert (found["ContentType"], found["Metadata"]) == ("text/plain", {"from": "a"})
    replaced = {"MetadataDirective": "REPLACE", "ContentType": "text/html", "Metadata": {"from": "b"}}
    s3.copy_object(Bucket=BUCKET, Key="a", CopySource=source, **replaced)
    found = get("a")
    assert (found["ContentType"], found["Metadata"]) == ("text/html", {"from": "b"})
    assert found["Body"].read() == noise(50_000)
    expect(("InvalidArgument", 400), s3.copy_object, Bucket=BUCKET, Key="a", CopySource=source)
    expect(("NoSuchKey", 404), s3.copy_object, Bucket=BUCKET, Key="c", CopySource=f"{BUCKET}/nothing")
    wrong = {"CopySourceIfMatch": '"other"'}
    expect(("PreconditionFailed", 412), s3.copy_object, Bucket=BUCKET, Key="c", CopySource=source, **wrong)
    other = {"Bucket": "another-bucket", "Key": "a"}
    expect(("AccessDenied", 403), s3.copy_object, Bucket=BUCKET, Key="c", CopySource=other)


def begin(key, **others):
    return s3.create_multipart_upload(Bucket=BUCKET, Key=key, **others)["UploadId"]


def upload_part(key, upload, number, body, **others):
    part = s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=number, Body=body, **others)
    kept = {name: part[name] for name in part if name == "ETag" or name.startswith("Checksum")}
    return {"PartNumber": number, **kept}


def complete(key, upload, parts, **others):
    listed = {"Parts": parts}
    return s3.complete_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload=listed, **others)


def multipart():
    body = noise(12 * MIB + 5)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_fileobj(io.BytesIO(body), BUCKET, "a", Config=config, ExtraArgs={"Metadata": {"colour": "blue"}})
    parts = [body[at : at + 5 * MIB] for at in range(0, len(body), 5 * MIB)]
    tag = md5(b"".join(hashlib.md5(part).digest() for part in parts))
    found = get("a", ChecksumMode="ENABLED")
    assert found["ETag"] == f'"{tag}-3"' and found["Metadata"] == {"colour": "blue"}
    assert found["Body"].read() == body
    sums = b"".join(zlib.crc32(part).to_bytes(4, "big") for part in parts)
    composite = base64.b64encode(zlib.crc32(sums).to_bytes(4, "big")).decode()
    assert found["ChecksumCRC32"] in (f"{composite}-3", crc32_of(body)), found["ChecksumCRC32"]
    across = read("a", Range=f"bytes={5 * MIB - 10}-{10 * MIB + 9}")
    assert across == body[5 * MIB - 10 : 10 * MIB + 10]
    second = get("a", PartNumber=2)
    assert second["Body"].read() == parts[1] and second["PartsCount"] == 3
    out = io.BytesIO()
    s3.download_fileobj(BUCKET, "a", out, Config=config)
    assert out.getvalue() == body


def crc32_of(body):
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def parts():
    one, two, tail = noise(5 * MIB, 1), noise(5 * MIB, 2), noise(100, 3)
    upload = begin("a", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT", ContentType="text/plain")
    upload_part("a", upload, 1, b"replaced")
    done = [upload_part("a", upload, number, body) for number, body in ((1, one), (4, two), (9, tail))]
    upload_part("a", upload, 5, b"not listed")
    page = s3.list_parts(Bucket=BUCKET, Key="a", UploadId=upload, MaxParts=2)
    assert [part["PartNumber"] for part in page["Parts"]] == [1, 4] and page["IsTruncated"]
    rest = s3.list_parts(Bucket=BUCKET, Key="a", UploadId=upload, PartNumberMarker=page["NextPartNumberMarker"])
    assert [part["Size"] for part in rest["Parts"]] == [10, 100]
    found = s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    assert [(each["Key"], each["UploadId"]) for each in found] == [("a", upload)]
    expect(("InvalidPartOrder", 400), complete, "a", upload, list(reversed(done)))
    expect(("InvalidPart", 400), complete, "a", upload, [{"PartNumber": 2, "ETag": '"none"'}])
    expect(("EntityTooSmall", 400), complete, "a", upload, [done[2], upload_part("a", upload, 10, b"more")])
    expect(("NoSuchKey", 404), get, "a")
    whole = one + two + tail
    expect(("BadDigest", 400), complete, "a", upload, done, ChecksumCRC32=crc32_of(b"other"))
    answer = complete("a", upload, done, ChecksumCRC32=crc32_of(whole))
    assert answer["ChecksumCRC32"] == crc32_of(whole) and answer["ETag"].endswith('-3"')
    # Whoever did not get the answer asks again.
    assert complete("a", upload, done)["ETag"] == answer["ETag"]
    assert read("a") == whole
    expect(("NoSuchUpload", 404), upload_part, "a", upload, 1, b"late")
    upload = begin("b")
    upload_part("b", upload, 1, one)
    expect(("NoSuchUpload", 404), upload_part, "other", upload, 1, b"of another key")
    expect(("InvalidArgument", 400), upload_part, "b", upload, 10001, b"number")
    s3.abort_multipart_upload(Bucket=BUCKET, Key="b", UploadId=upload)
    expect(("NoSuchUpload", 404), s3.abort_multipart_upload, Bucket=BUCKET, Key="b", UploadId=upload)
    expect(("NoSuchUpload", 404), complete, "b", upload, done)
    upload = begin("c")
    source = {"Bucket": BUCKET, "Key": "a"}
    place = {"Bucket": BUCKET, "Key": "c", "UploadId": upload, "CopySource": source}
    copied = [
        s3.upload_part_copy(PartNumber=1, CopySourceRange=f"bytes=10-{5 * MIB + 9}", **place),
        s3.upload_part_copy(PartNumber=2, **place),
    ]
    tags = [each["CopyPartResult"]["ETag"] for each in copied]
    complete("c", upload, [{"PartNumber": number + 1, "ETag": tag} for number, tag in enumerate(tags)])
    assert read("c") == whole[10 : 5 * MIB + 10] + whole
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)
    expect(("InvalidArgument", 400), begin, "d", ChecksumAlgorithm="SHA256", ChecksumType="FULL_OBJECT")


def begin_only():
    upload_part("unfinished", begin("unfinished"), 1, noise(int(ARGUMENTS[0])))


def fetch(method, url, body=None, headers=None):
    """A request by somebody who has nothing but the address."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def presign(method, key, **others):
    return s3.generate_presigned_url(method, Params={"Bucket": BUCKET, "Key": key, **others}, ExpiresIn=60)


def presigned():
    key = "a b/\u00fc"
    assert fetch("PUT", presign("put_object", key), noise(30_000))[0] == 200
    assert fetch("GET", presign("get_object", key)) == (200, noise(30_000))
    shown = presign("get_object", key, ResponseContentDisposition="attachment")
    assert fetch("GET", shown)[0] == 200
    status, body = fetch("GET", presign("get_object", key).replace("b/", "c/"))
    assert (status, b"SignatureDoesNotMatch" in body) == (403, True), body
    assert fetch("GET", f"{ENDPOINT}/{BUCKET}/{urllib.parse.quote(key)}")[0] == 403
    assert fetch("DELETE", presign("get_object", key))[0] == 403
    week = 7 * 24 * 60 * 60
    for seconds, expected in ((week, 200), (week + 1, 400)):
        params = {"Bucket": BUCKET, "Key": key}
        status, body = fetch("GET", s3.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds))
        assert status == expected, body
    assert b"AuthorizationQueryParametersError" in body, body
    assert read(key) == noise(30_000)


def refused():
    preflight = {"Origin": "http://elsewhere.example", "Access-Control-Request-Method": "PUT"}
    status, body = fetch("OPTIONS", f"{ENDPOINT}/{BUCKET}/a", headers=preflight)
    assert (status, b"AccessForbidden" in body) == (403, True), body
    # Whoever does not wait for the answer may find the connection closed, so only the head is sent.
    url = urllib.parse.urlsplit(ENDPOINT)
    connection = http.client.HTTPConnection(url.netloc)
    connection.putrequest("POST", f"/{BUCKET}?delete")
    connection.putheader("Content-Length", str(8 * MIB + 1))
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    assert (answer.status, b"MaxMessageLengthExceeded" in body) == (400, True), body


def post(fields, body):
    boundary = "a-boundary-of-the-form"
    lines = []
    for name, value in fields.items():
        lines.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    lines.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        f"Content-Type: text/plain\r\n\r\n".encode()
    )
    whole = b"".join(lines) + body + f"\r\n--{boundary}--\r\n".encode()
    return fetch("POST", f"{ENDPOINT}/{BUCKET}", whole, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


def forms():
    conditions = [{"Content-Type": "text/plain"}, ["content-length-range", 1, 1000]]
    form = s3.generate_presigned_post(BUCKET, "form", Fields={"Content-Type": "text/plain"}, Conditions=conditions)
    assert post(form["fields"], b"from a form")[0] == 204
    found = get("form")
    assert (found["Body"].read(), found["ContentType"]) == (b"from a form", "text/plain")
    status, answer = post(form["fields"], noise(1001))
    assert status == 400 and b"EntityTooLarge" in answer, answer
    status, answer = post({**form["fields"], "key": "other"}, b"another key")
    assert status == 400 and b"InvalidPolicyDocument" in answer, answer
    status, answer = post({**form["fields"], "x-amz-signature": "0" * 64}, b"forged")
    assert status == 403, answer
    more = {"x-amz-server-side-encryption": "AES256"}
    form = s3.generate_presigned_post(BUCKET, "form", Fields=more, Conditions=[more])
    assert post(form["fields"], b"to be encrypted")[0] == 501
    form = s3.generate_presigned_post(BUCKET, "of-${filename}")
    assert post(form["fields"], b"named by its file")[0] == 501
    assert read("form") == b"from a form"


def denied():
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET]
    s3.head_bucket(Bucket=BUCKET)
    assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] is None
    (other,) = ARGUMENTS
    refused = ("AccessDenied", 403)
    for bucket in (other, "none-of-this-name"):
        expect(refused, s3.list_objects_v2, Bucket=bucket)
        expect(refused, s3.put_object, Bucket=bucket, Key="a", Body=b"")
        expect(refused, s3.get_object, Bucket=bucket, Key="a")
        expect(refused, s3.delete_object, Bucket=bucket, Key="a")
        expect(refused, s3.create_bucket, Bucket=bucket)
        expect(refused, s3.delete_bucket, Bucket=bucket)
        expect(("403", 403), s3.head_bucket, Bucket=bucket)
    expect(refused, s3.create_bucket, Bucket=BUCKET)
    expect(refused, s3.delete_bucket, Bucket=BUCKET)
    expect(refused, s3.put_bucket_policy, Bucket=BUCKET, Policy="{}")
    expect(refused, s3.get_bucket_acl, Bucket=BUCKET)
    expect(refused, s3.put_object_tagging, Bucket=BUCKET, Key="a", Tagging={"TagSet": []})
    expect(("InvalidAccessKeyId", 403), client(access_key="nobody").list_buckets)
    expect(("SignatureDoesNotMatch", 403), client(secret="wrong").list_objects_v2, Bucket=BUCKET)


def expect_put():
    """Whether a put is refused, and with what."""
    found = code_of(put, "a", b"body")
    print(found[0] if found else "done")


def fifty_puts():
    """How many of fifty at once fit, of so many bytes each."""
    size = int(ARGUMENTS[0])
    answers = at_once(50, lambda number: code_of(put, f"{number}", noise(size, number)))
    assert all(answer in (None, ("QuotaExceeded", 403)) for answer in answers), answers
    print(answers.count(None))


def fifty_firsts():
    size = int(ARGUMENTS[0])
    answers = at_once(50, lambda number: code_of(put, "a", noise(size, number), IfNoneMatch="*"))
    assert all(answer in (None, ("PreconditionFailed", 412)) for answer in answers), answers
    assert answers.count(None) == 1, answers
    assert read("a") == noise(size, answers.index(None))


def over_quota():
    """A body that has no room is refused before it is sent."""
    url = urllib.parse.urlsplit(presign("put_object", "large"))
    connection = http.client.HTTPConnection(url.netloc)
    connection.putrequest("PUT", f"{url.path}?{url.query}")
    connection.putheader("Content-Length", str(10 * 1024 * MIB // 4))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 403 and b"QuotaExceeded" in body, (answer.status, body)
    expect(("QuotaExceeded", 403), put, "large", noise(int(ARGUMENTS[0]) + 1))
    upload = begin("large")
    expect(("QuotaExceeded", 403), upload_part, "large", upload, 1, noise(int(ARGUMENTS[0]) + 1))
    s3.abort_multipart_upload(Bucket=BUCKET, Key="large", UploadId=upload)
    put("fits", noise(int(ARGUMENTS[0])))
    put("fits", noise(int(ARGUMENTS[0]), 2))
    expect(("QuotaExceeded", 403), put, "more", b"1")


def continues():
    """A client that waits for the go-ahead gets it where there is room."""
    url = urllib.parse.urlsplit(presign("put_object", "a"))
    connection = http.client.HTTPConnection(url.netloc)
    connection.putrequest("PUT", f"{url.path}?{url.query}")
    connection.putheader("Content-Length", "50000")
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    assert connection.sock.recv(4096).startswith(b"HTTP/1.1 100 ")
    connection.send(noise(50000))
    assert connection.getresponse().status == 200
    assert read("a") == noise(50000)


def breaks_off():
    """A client that goes away in the middle of its body."""
    for size in (5_000, 2 * MIB):
        url = urllib.parse.urlsplit(presign("put_object", "broken"))
        connection = http.client.HTTPConnection(url.netloc)
        connection.putrequest("PUT", f"{url.path}?{url.query}")
        connection.putheader("Content-Length", str(size))
        connection.endheaders(noise(size // 2))
        connection.close()


def stands_still():
    """A client that goes silent in the middle of its body; says when it does."""
    url = urllib.parse.urlsplit(presign("put_object", "silent"))
    connection = http.client.HTTPConnection(url.netloc)
    connection.putrequest("PUT", f"{url.path}?{url.query}")
    connection.putheader("Content-Length", "50000")
    connection.endheaders(noise(20_000))
    print("silent", flush=True)
    answer = connection.getresponse()
    assert answer.status == 400 and b"RequestTimeout" in answer.read()


def replaced_while_read():
    """The first part is larger than what sockets take without a reader, so that the second is not yet looked at."""
    parts = [noise(40 * MIB, 1), noise(MIB, 2)]
    body = b"".join(parts)
    for change in (lambda: put("a", b"new"), lambda: s3.delete_object(Bucket=BUCKET, Key="a")):
        upload = begin("a")
        complete("a", upload, [upload_part("a", upload, number + 1, part) for number, part in enumerate(parts)])
        stream = get("a")["Body"]
        begun = stream.read(1000)
        change()
        assert begun + stream.read() == body


def command():
    """The `aws` command, as people use it."""
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    def aws(*arguments):
        program = [sys.executable, "-m", "awscli", "--endpoint-url", ENDPOINT, "s3", *arguments]
        return subprocess.run(program, env=environment, check=True, stdout=subprocess.PIPE).stdout.decode()

    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder, "tree")
        (tree / "deep").mkdir(parents=True)
        (tree / "small.txt").write_bytes(b"small")
        (tree / "deep" / "large.bin").write_bytes(noise(9 * MIB))
        aws("sync", str(tree), f"s3://{BUCKET}/tree")
        assert "large.bin" in aws("ls", "--recursive", f"s3://{BUCKET}/")
        assert "PRE deep/" in aws("ls", f"s3://{BUCKET}/tree/")
        back = pathlib.Path(folder, "back")
        aws("sync", f"s3://{BUCKET}/tree", str(back))
        assert (back / "deep" / "large.bin").read_bytes() == noise(9 * MIB)
        aws("mv", f"s3://{BUCKET}/tree/small.txt", f"s3://{BUCKET}/moved.txt")
        assert read("moved.txt") == b"small"
        aws("rm", "--recursive", f"s3://{BUCKET}/")
        assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def size_of(number):
    return (100, 20_000, 300_000, 5 * MIB + 50_000)[number % 4]


def until_killed():
    """Puts and completes uploads until the server is gone; each that is acknowledged is a line."""

    def writer(which):
        for number in range(1_000_000):
            key = f"{ARGUMENTS[0]}-{which}-{number}"
            body = noise(size_of(number), key)
            if number % 8 == 3:
                upload = begin(key)
                done = [upload_part(key, upload, 1, body[: 5 * MIB]), upload_part(key, upload, 2, body[5 * MIB :])]
                complete(key, upload, done)
            else:
                put(key, body)
            # One write a line, so that lines of threads do not mix.
            os.write(1, f"{key} {size_of(number)}\n".encode())
            if number % 5 == 4:
                put(key, noise(1, key))
                s3.delete_object(Bucket=BUCKET, Key=key)
                os.write(1, f"{key} deleted\n".encode())

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(writer, which) for which in range(6)]:
            assert isinstance(done.exception(), (ClientError, BotoCoreError)), done.exception()


def all_whole():
    """Every object is one that was written, whole; they come to so many bytes, and the parts of uploads to so many."""
    total = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for found in page.get("Contents", []):
            key, size = found["Key"], found["Size"]
            assert size in (1, size_of(int(key.rsplit("-", 1)[1]))), (key, size)
            assert read(key) == noise(size, key), key
            total += size
    unfinished = 0
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=BUCKET):
        for upload in page.get("Uploads", []):
            found = s3.list_parts(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
            unfinished += sum(part["Size"] for part in found.get("Parts", []))
    print(total, unfinished)


def has_room():
    """So many bytes fit."""
    put("room", noise(int(ARGUMENTS[0])))
    s3.delete_object(Bucket=BUCKET, Key="room")


globals()[STORY]()
