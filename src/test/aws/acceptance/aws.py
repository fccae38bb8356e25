"""The account and Region that the run talks to."""

import time
import urllib.error
import urllib.parse
import urllib.request

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound

from .errors import Unusable, one_line


class Aws:
    """Clients whose every answer is recorded.

    endpoint, if given, answers for every service, also for HTTP APIs: run --local sets it.
    """

    def __init__(self, region, profile, recorder, endpoint=None):
        self.recorder = recorder
        self.endpoint = endpoint
        self._clients = {}
        try:
            self._session = boto3.Session(profile_name=profile, region_name=region)
        except ProfileNotFound as e:
            raise Unusable(f"{one_line(e)}; name one of ~/.aws/config by --profile") from e
        self.region = self._session.region_name
        if not self.region:
            raise Unusable("no Region is set; name one by --region, such as --region us-east-1")
        known = (
            self._session.get_available_regions("athena", self._session.get_partition_for_region(self.region)) if self._is_named() else []
        )
        if self.region not in known:
            raise Unusable(f"AWS has no Region {self.region} with Athena; name another one by --region, such as us-east-1")
        self.partition = self._session.get_partition_for_region(self.region)
        self.account, self.caller = self._identity()

    def _is_named(self):
        try:
            self._session.get_partition_for_region(self.region)
            return True
        except BotoCoreError:
            return False

    def _identity(self):
        try:
            identity = self.client("sts").get_caller_identity()
        except NoCredentialsError as e:
            raise Unusable(
                "found no AWS credentials; set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with aws sso login"
            ) from e
        except (BotoCoreError, ClientError) as e:
            raise Unusable(f"AWS does not take these credentials: {one_line(e)}; renew them, for example by aws sso login") from e
        self.recorder.hide(identity["Arn"], "CALLER_ARN")
        self.recorder.hide(identity["UserId"], "CALLER_ID")
        self.recorder.hide(identity["Account"], "ACCOUNT")
        return identity["Account"], identity["Arn"]

    def client(self, service):
        """A client of a service; the same one each time."""
        if service not in self._clients:
            # A stop may take minutes, and a repeated invocation would be a second order.
            config = (
                Config(read_timeout=700, retries={"total_max_attempts": 1}) if service == "lambda" else Config(retries={"mode": "standard"})
            )
            client = self._session.client(service, config=config, endpoint_url=self.endpoint)
            self._clients[service] = self.recorder.attach(client)
        return self._clients[service]

    def signed(self, method, url, body=None):
        """Sends a request to an HTTP API with AWS's signature. Gives the status, the headers and the body."""
        request = AWSRequest(method=method, url=url, data=body, headers={"Content-Type": "application/json"} if body else {})
        SigV4Auth(self._session.get_credentials(), "execute-api", self.region).add_auth(request)
        target = url
        if self.endpoint:
            target = self.endpoint + urllib.parse.urlsplit(url).path
        sent = urllib.request.Request(target, body.encode() if body else None, dict(request.headers), method=method)
        began = time.monotonic()
        try:
            with urllib.request.urlopen(sent, timeout=60) as answer:
                status, headers, text = answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as e:
            status, headers, text = e.code, dict(e.headers), e.read().decode()
        self.recorder.add("http", f"{method} {urllib.parse.urlsplit(url).path}", {"body": body}, status, text, began)
        return status, {name.lower(): value for name, value in headers.items()}, text
