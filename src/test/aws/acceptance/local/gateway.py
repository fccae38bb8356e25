"""The one address of the AWS on this machine: sends each call to moto, to the local Athena, or to the guard's functions.

Every call, every delivery of an event and every invocation passes through one place, where a fault can be injected.
"""

import dataclasses
import http.client
import http.server
import json
import re
import threading
import time
import urllib.parse
import uuid

from botocore.exceptions import ClientError

from . import bus
from ..template import ROOT

SCOPE = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request")
ACCOUNT, REGION = "123456789012", "us-east-1"
CALLER = f"arn:aws:sts::{ACCOUNT}:user/moto"


@dataclasses.dataclass
class Call:
    """What passes through: a service's operation, who calls it (tester or guard), and what with."""

    service: str
    operation: str
    who: str
    body: bytes
    method: str = "POST"
    path: str = "/"
    headers: dict = dataclasses.field(default_factory=dict)

    def json(self):
        return json.loads(self.body or b"{}")


@dataclasses.dataclass
class Answer:
    """What comes back."""

    status: int
    body: bytes
    headers: dict = dataclasses.field(default_factory=lambda: {"Content-Type": "application/x-amz-json-1.1"})

    def json(self):
        return json.loads(self.body or b"{}")

    def with_json(self, value):
        return dataclasses.replace(self, body=json.dumps(value).encode())


def refused(status, code, message):
    """An error as Athena, EventBridge and Lambda give it."""
    return Answer(
        status,
        json.dumps({"__type": code, "Message": message, "message": message}).encode(),
        {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code},
    )


class Gateway:
    """Listens on this machine. A fault is a function of a call and of what would answer it."""

    def __init__(self, moto, athena, invoke):
        self.moto, self.athena, self._invoke = moto, athena, invoke
        self.fault = None
        self.stack = None
        self.errors = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.gateway = self
        self.endpoint = "http://127.0.0.1:%d" % self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def through(self, call, action):
        """Lets something happen, unless a fault keeps it from it."""
        fault = self.fault
        return fault(call, action) if fault else action(call)

    def handle(self, call):
        """Answers one call."""
        return self.through(
            call,
            {
                ("lambda", "Invoke"): self._invocation,
                ("events", "PutEvents"): self._put_events,
                ("execute-api", "Request"): self._http_api,
            }.get((call.service, call.operation), self._forward),
        )

    def _later(self, function, *arguments):
        """Does what nobody waits for. Whoever misses its effect sees the error in errors."""

        def run():
            try:
                function(*arguments)
            except (ClientError, OSError, RuntimeError) as e:
                self.errors.append(str(e))

        threading.Thread(target=run, daemon=True).start()

    def _forward(self, call):
        host = self.athena if call.service == "athena" else self.moto
        connection = http.client.HTTPConnection(host, timeout=60)
        try:
            headers = {
                name: value
                for name, value in call.headers.items()
                if name.lower() not in ("host", "content-length", "connection", "transfer-encoding", "expect")
            }
            connection.request(call.method, call.path, call.body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(), dict(answer.getheaders()))
        finally:
            connection.close()

    def _invocation(self, call):
        path, _, query = call.path.partition("?")
        function = urllib.parse.unquote(path.split("/")[3])
        qualifier = urllib.parse.parse_qs(query).get("Qualifier", [None])[0]
        if call.headers.get("X-Amz-Invocation-Type") == "Event":
            self._later(self._invoke_later, function, call.body, qualifier)
            return Answer(202, b"")
        if self.stack.is_braked(function):
            return refused(429, "TooManyRequestsException", "Rate Exceeded.")
        ok, body = self.invoke(function, call.body, qualifier)
        return Answer(200, body, {"Content-Type": "application/json", **({} if ok else {"X-Amz-Function-Error": "Unhandled"})})

    def _invoke_later(self, function, event, qualifier=None):
        """An asynchronous invocation. Without concurrency Lambda sends the event to the destination of failures, and does not retry."""
        if self.stack.is_braked(function):
            self.stack.park(json.loads(event))
        else:
            self.invoke(function, event, qualifier)

    def invoke(self, function, event, qualifier=None):
        """Runs a function by its name or ARN. Gives whether it returned, and what."""
        answer = self.through(Call("invocation", function, "lambda", event), lambda call: self._run(call.operation, call.body, qualifier))
        return answer.status == 200, answer.body

    def _run(self, function, event, qualifier):
        ok, body = self._invoke(function, event, qualifier)
        return Answer(200 if ok else 500, body)

    def _put_events(self, call):
        # moto checks the entries, on its default bus: where a rule has a function for a target, it fails.
        checked = [{key: value for key, value in entry.items() if key != "EventBusName"} for entry in call.json()["Entries"]]
        answer = self._forward(dataclasses.replace(call, body=json.dumps({"Entries": checked}).encode()))
        if answer.status == 200:
            for entry, taken in zip(call.json()["Entries"], answer.json()["Entries"]):
                if "EventId" in taken:
                    event = {
                        "version": "0",
                        "id": taken["EventId"],
                        "detail-type": entry["DetailType"],
                        "source": entry["Source"],
                        "account": ACCOUNT,
                        "region": REGION,
                        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                        "resources": entry.get("Resources", []),
                        "detail": json.loads(entry["Detail"]),
                    }
                    self._deliver(entry.get("EventBusName", "default").rsplit("/", 1)[-1], event)
        return answer

    def _deliver(self, name, event):
        for rule, targets in self.stack.enabled_rules(name):
            if bus.matches(json.loads(rule["EventPattern"]), event):
                for target in targets:
                    call = Call("delivery", rule["Name"], "events", json.dumps(event).encode())
                    self._later(self.through, call, lambda call, arn=target["Arn"]: self._invoke_later(arn, call.body))

    def _http_api(self, call):
        path = call.path.partition("?")[0]
        for method, template, function in self.stack.routes():
            found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
            if method == call.method and found:
                if self.stack.is_braked(function):
                    return Answer(503, b'{"message":"Service Unavailable"}', {"Content-Type": "application/json"})
                return self._http_reply(
                    self.invoke(function, json.dumps(self._http_event(call, method, template, path, found.groupdict())).encode())
                )
        return Answer(404, b'{"message":"Not Found"}', {"Content-Type": "application/json"})

    @staticmethod
    def _http_event(call, method, template, path, parameters):
        event = json.loads((ROOT / "events/http-api-stop.json").read_text())
        event.update(
            routeKey=f"{method} {template}",
            rawPath=path,
            pathParameters=parameters,
            headers={name.lower(): value for name, value in call.headers.items()},
        )
        event.pop("body")
        if call.body:
            event["body"] = call.body.decode()
        context = event["requestContext"]
        context.update(routeKey=event["routeKey"], requestId=uuid.uuid4().hex, timeEpoch=int(time.time() * 1000))
        context["http"].update(method=method, path=path)
        context["authorizer"]["iam"]["userArn"] = CALLER
        return event

    @staticmethod
    def _http_reply(outcome):
        ok, body = outcome
        if not ok:
            return Answer(500, b'{"message":"Internal Server Error"}', {"Content-Type": "application/json"})
        reply = json.loads(body)
        return Answer(reply["statusCode"], reply.get("body", "").encode(), reply.get("headers", {}))


class Handler(http.server.BaseHTTPRequestHandler):
    """Reads a request, and finds out whose it is."""

    protocol_version = "HTTP/1.1"
    # One packet for the head and the body, or else TCP waits 40 ms between them.
    wbufsize = 65536

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def _handle(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        scope = SCOPE.search(self.headers.get("Authorization", ""))
        if not scope:
            answer = Answer(403, b'{"message":"Forbidden"}')
        else:
            headers = dict(self.headers.items())
            call = Call(
                scope[2],
                self._operation(scope[2], body),
                "guard" if scope[1] == "guard" else "tester",
                body,
                self.command,
                self.path,
                headers,
            )
            try:
                answer = self.server.gateway.handle(call)
            except ClientError as e:
                answer = refused(e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"], str(e))
            except (OSError, RuntimeError) as e:
                answer = refused(500, "InternalFailure", str(e))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _operation(self, service, body):
        if target := self.headers.get("X-Amz-Target"):
            return target.rsplit(".", 1)[-1]
        if service == "execute-api":
            return "Request"
        if service == "lambda":
            return "Invoke" if self.path.partition("?")[0].endswith("/invocations") else f"{self.command} {self.path}"
        form = re.search(rb"(?:^|&)Action=(\w+)", body)
        return form[1].decode() if form else self.path.rsplit("/", 1)[-1]

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _handle
