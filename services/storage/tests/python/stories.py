"""Stories that a real client of S3 goes through with what was purchased.

`python stories.py STORY ENDPOINT BUCKET ACCESS_KEY SECRET [ARGUMENT...]` ends with 0 where the story ends well.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

STORY, ENDPOINT, BUCKET, ACCESS_KEY, SECRET, *ARGUMENTS = sys.argv[1:]

s3 = boto3.client(
    "s3",
    endpoint_url=ENDPOINT,
    region_name="us-east-1",
    aws_access_key_id=ACCESS_KEY,
    aws_secret_access_key=SECRET,
    config=Config(s3={"addressing_style": "path"}, signature_version="s3v4", retries={"total_max_attempts": 1}),
)


def expect(status, code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        found = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
        assert found == (status, code), found
        return
    raise AssertionError(f"done, and not {code}")


def uses():
    (other,) = ARGUMENTS
    body = bytes(range(256)) * 2344
    body = body[:600_000]
    s3.put_object(Bucket=BUCKET, Key="a/b.bin", Body=body)
    assert s3.get_object(Bucket=BUCKET, Key="a/b.bin")["Body"].read() == body
    part = s3.get_object(Bucket=BUCKET, Key="a/b.bin", Range="bytes=10-19")
    assert part["Body"].read() == body[10:20]
    s3.put_object(Bucket=BUCKET, Key="c", Body=b"hello world")
    listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [(found["Key"], found["Size"]) for found in listed] == [("a/b.bin", 600_000), ("c", 11)]
    address = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "c"}, ExpiresIn=60)
    assert urllib.request.urlopen(address, timeout=60).read() == b"hello world"
    expect(403, "AccessDenied", s3.list_objects_v2, Bucket=other)
    expect(403, "AccessDenied", s3.put_object, Bucket=other, Key="x", Body=b"x")
    expect(403, "AccessDenied", s3.get_object, Bucket=other, Key="x")


def is_held_to_its_quota():
    expect(403, "QuotaExceeded", s3.put_object, Bucket=BUCKET, Key="big", Body=b"x" * 400_000)


def widens_nothing():
    """What every user of a MinIO may do with itself is of no use here."""
    sts = boto3.client(
        "sts",
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET,
    )
    role = sts.assume_role(RoleArn="arn:xxx:xxx:xxx:xxxx", RoleSessionName="any")["Credentials"]
    in_role = boto3.client(
        "s3",
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"),
    )
    expect(403, "AccessDenied", in_role.get_object, Bucket=BUCKET, Key="c")
    expect(403, "AccessDenied", in_role.list_objects_v2, Bucket=BUCKET)
    expect(403, "AccessDenied", s3.create_bucket, Bucket=BUCKET + "-more")
    expect(403, "AccessDenied", s3.delete_bucket, Bucket=BUCKET)
    policy = '{"Version":"2012-10-17","Statement":[]}'
    expect(403, "AccessDenied", s3.put_bucket_policy, Bucket=BUCKET, Policy=policy)
    for path in ("list-users", f"user-info?accessKey={ACCESS_KEY}"):
        status, code = administer(path)
        assert (status, code) == (403, "AccessDenied"), (path, status, code)


def administer(path):
    """Asks the admin API as this user."""
    request = AWSRequest(method="GET", url=f"{ENDPOINT}/minio/admin/v3/{path}")
    request.headers["x-amz-content-sha256"] = hashlib.sha256(b"").hexdigest()
    S3SigV4Auth(Credentials(ACCESS_KEY, SECRET), "s3", "us-east-1").add_auth(request)
    asked = urllib.request.Request(request.url, headers=dict(request.headers.items()))
    try:
        urllib.request.urlopen(asked, timeout=60)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["Code"]
    return 200, ""


def does_what_clients_do():
    part = b"p" * (5 * 1024 * 1024)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    where = {"Bucket": BUCKET, "Key": "parts", "UploadId": upload}
    bodies = [part, part, b"end"]
    sent = [s3.upload_part(PartNumber=number, Body=body, **where) for number, body in enumerate(bodies, 1)]
    assert len(s3.list_parts(**where)["Parts"]) == 3
    parts = [{"PartNumber": number, "ETag": answer["ETag"]} for number, answer in enumerate(sent, 1)]
    s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **where)
    end = s3.get_object(Bucket=BUCKET, Key="parts", Range="bytes=-5")
    assert end["Body"].read() == b"ppend" and end["ResponseMetadata"]["HTTPStatusCode"] == 206
    given_up = s3.create_multipart_upload(Bucket=BUCKET, Key="given up")["UploadId"]
    s3.abort_multipart_upload(Bucket=BUCKET, Key="given up", UploadId=given_up)

    odd = ["a b", "a+b", "a%20b", "ü/ß", "x&<y>\"'", "p~*!()", "d/1", "d/2", "d/e/3"]
    for key in odd:
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == key.encode()
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 2})
    listed = [found["Key"] for page in pages for found in page.get("Contents", [])]
    assert listed == sorted([*odd, "parts"], key=str.encode), listed
    folder = s3.list_objects_v2(Bucket=BUCKET, Prefix="d/", Delimiter="/")
    assert [found["Key"] for found in folder["Contents"]] == ["d/1", "d/2"]
    assert [found["Prefix"] for found in folder["CommonPrefixes"]] == ["d/e/"]

    s3.copy_object(Bucket=BUCKET, Key="copied", CopySource={"Bucket": BUCKET, "Key": "a+b"})
    assert s3.get_object(Bucket=BUCKET, Key="copied")["Body"].read() == b"a+b"
    address = s3.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "signed"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(address, data=b"s", method="PUT"), timeout=60)
    address = s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "signed"}, ExpiresIn=60)
    assert urllib.request.urlopen(address, timeout=60).read() == b"s"
    for key in [*odd, "parts", "copied", "signed"]:
        s3.delete_object(Bucket=BUCKET, Key=key)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def command():
    """The `aws` command."""
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
        (tree / "deep" / "large.bin").write_bytes(b"l" * 9_000_000)
        aws("sync", str(tree), f"s3://{BUCKET}/tree")
        assert "PRE deep/" in aws("ls", f"s3://{BUCKET}/tree/")
        aws("sync", f"s3://{BUCKET}/tree", str(pathlib.Path(folder, "back")))
        assert pathlib.Path(folder, "back", "deep", "large.bin").stat().st_size == 9_000_000
        aws("mv", f"s3://{BUCKET}/tree/deep/large.bin", f"s3://{BUCKET}/moved.bin")
        assert "moved.bin" in aws("ls", f"s3://{BUCKET}/")
        aws("rm", "--recursive", f"s3://{BUCKET}/")
        assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def leaves_much():
    """More than one page, names that are odd, and uploads that are not completed."""
    names = [f"many/{number}" for number in range(1100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=BUCKET, Key=key, Body=b"x"), names))
    s3.put_object(Bucket=BUCKET, Key="odd\x01&<>+%20 ", Body=b"x")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="begun")["UploadId"]
    s3.upload_part(Bucket=BUCKET, Key="begun", UploadId=upload, PartNumber=1, Body=b"x" * 1000)


def reads():
    assert s3.get_object(Bucket=BUCKET, Key="c")["Body"].read() == b"hello world"


def is_refused():
    (code,) = ARGUMENTS
    expect(403, code, s3.list_objects_v2, Bucket=BUCKET)


globals()[STORY]()
