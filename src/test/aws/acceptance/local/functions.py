"""Runs the guard's functions in Lambda's own runtime interface client, against a Runtime API of this process."""

import http.server
import json
import os
import pathlib
import queue
import shutil
import struct
import subprocess
import tempfile
import threading
import time
import uuid
import zipfile

from ..errors import Unusable

RUNTIME = "/2018-06-01/runtime"
CREDENTIALS = "/2021-04-23/credentials"
START_SECONDS = 90


class Handler(http.server.BaseHTTPRequestHandler):
    """The Runtime API of one execution environment."""

    protocol_version = "HTTP/1.1"
    # One packet for the head and the body, or else TCP waits 40 ms between them.
    wbufsize = 65536

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def reply(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        events, work = self.server.events, self.server.work
        if self.path == f"{RUNTIME}/invocation/next":
            events.put(("ready", b""))
            request_id, arn, deadline, event = work.get()
            self.reply(
                200,
                event,
                [
                    ("Content-Type", "application/json"),
                    ("Lambda-Runtime-Aws-Request-Id", request_id),
                    ("Lambda-Runtime-Invoked-Function-Arn", arn),
                    ("Lambda-Runtime-Deadline-Ms", str(int(deadline * 1000))),
                    ("Lambda-Runtime-Trace-Id", trace_id()),
                ],
            )
        elif self.path == f"{RUNTIME}/restore/next":
            events.put(("initialised", b""))
            self.server.restore.wait()
            self.reply(200)
        elif self.path == CREDENTIALS:
            expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
            self.reply(
                200, json.dumps({"AccessKeyId": "guard", "SecretAccessKey": "local", "Token": "local", "Expiration": expires}).encode()
            )
        else:
            self.reply(404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        end = self.path.rsplit("/", 1)[-1]
        kind = "broken" if "/init/" in self.path or "/restore/" in self.path else {"response": "answered", "error": "failed"}.get(end)
        self.server.events.put((kind, body))
        self.reply(202, b'{"status":"OK"}')


def trace_id():
    """A trace ID as Lambda makes one: its second part is the time of the request."""
    text = uuid.uuid4().hex
    return f"Root=1-{int(time.time()):08x}-{text[:24]};Parent={text[16:]};Sampled=0"


class Environment:
    """One execution environment: a JVM that handles one event at a time."""

    def __init__(self, java, class_path, settings, variables, sink):
        self.settings, self.sink = settings, sink
        self._lock = threading.Lock()
        self._api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._api.daemon_threads = True
        self._api.events, self._api.work, self._api.restore = queue.Queue(), queue.Queue(), threading.Event()
        threading.Thread(target=self._api.serve_forever, daemon=True).start()
        self._folder = pathlib.Path(tempfile.mkdtemp(prefix="acceptance-function-"))
        self._log, self._read = self._folder / "log", 0
        command = [
            java,
            *(variables.get("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1").split()),
            "-XX:+UseSerialGC",
            "-Xmx384m",
            "--add-opens=java.base/java.io=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED",
            "-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac",
            f"-Dcom.amazonaws.services.lambda.runtime.api.client.runtimeapi.NativeClient.JNI={native_part(class_path, self._folder)}",
            "-cp",
            class_path,
            "com.amazonaws.services.lambda.runtime.api.client.AWSLambda",
            settings["Handler"],
        ]
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self._folder, env=self._environment(variables), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        threading.Thread(target=self._await_exit, daemon=True).start()
        if settings["SnapStart"]:
            self._expect("initialised")
            # The snapshot would be here; what was logged until now is in the log before anybody invokes the function.
            self._tell()
            self._api.restore.set()
        self._expect("ready")
        self._tell()

    def _environment(self, variables):
        address = "127.0.0.1:%d" % self._api.server_address[1]
        name, region = self.settings["FunctionName"], self.settings["Region"]
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "LAMBDA_TASK_ROOT": str(self._folder),
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "AWS_EXECUTION_ENV": "AWS_Lambda_java25",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "_HANDLER": self.settings["Handler"],
            "AWS_LAMBDA_RUNTIME_API": address,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": self.settings["Version"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.settings["MemorySize"]),
            "AWS_LAMBDA_LOG_GROUP_NAME": self.settings["LogGroup"],
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_LEVEL": "INFO",
            "_LAMBDA_TELEMETRY_LOG_FD": "2",
        }
        if self.settings["SnapStart"]:
            environment.update(
                AWS_LAMBDA_INITIALIZATION_TYPE="snap-start",
                AWS_CONTAINER_CREDENTIALS_FULL_URI=f"http://{address}{CREDENTIALS}",
                AWS_CONTAINER_AUTHORIZATION_TOKEN="local",
            )
        else:
            environment.update(
                AWS_LAMBDA_INITIALIZATION_TYPE="on-demand",
                AWS_ACCESS_KEY_ID="guard",
                AWS_SECRET_ACCESS_KEY="local",
                AWS_SESSION_TOKEN="local",
            )
        return {**environment, **{name: value for name, value in variables.items() if name != "JAVA_TOOL_OPTIONS"}}

    def _await_exit(self):
        self._api.events.put(("exited", str(self._process.wait()).encode()))

    def _expect(self, kind):
        try:
            found, body = self._api.events.get(timeout=START_SECONDS)
        except queue.Empty:
            found, body = "nothing", b""
        if found != kind:
            output = "\n".join(self._entries())
            self.close()
            raise RuntimeError(f"{self.settings['Handler']} did not start: {found} {body.decode()[:500]} {output[-1500:]}")

    def invoke(self, event, arn, timeout):
        """Gives whether the function returned, and what it returned or threw."""
        with self._lock:
            self._api.work.put((str(uuid.uuid4()), arn, time.time() + timeout, event))
            ok, answer = False, b'{"errorType":"Runtime.ExitError"}'
            while True:
                kind, body = self._api.events.get(timeout=timeout + 10)
                if kind in ("answered", "failed"):
                    ok, answer = kind == "answered", body
                else:
                    # Ready again, or gone: all that it logged is there to read.
                    self._tell()
                    return ok, answer

    def _tell(self):
        entries = self._entries()
        if entries:
            self.sink(self.settings["LogGroup"], entries)

    def _entries(self):
        """The log entries since the last call: the interface client writes a header with a length before each."""
        with open(self._log, "rb") as file:
            file.seek(self._read)
            data = file.read()
        self._read += len(data)
        entries, at = [], 0
        while (start := data.find(b"\xa5\x5a\x00", at)) >= 0 and start + 16 <= len(data):
            entries += data[at:start].decode(errors="replace").splitlines()
            length = struct.unpack(">I", data[start + 4 : start + 8])[0]
            entries.append(data[start + 16 : start + 16 + length].decode(errors="replace").rstrip())
            at = start + 16 + length
        return [entry for entry in entries + data[at:].decode(errors="replace").splitlines() if entry.strip()]

    def close(self):
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        self._api.shutdown()
        self._api.server_close()
        shutil.rmtree(self._folder, ignore_errors=True)


def native_part(class_path, folder):
    """Unpacks the interface client's native library: left alone, all clients of a machine share one file."""
    jar = next((each for each in class_path.split(os.pathsep) if "runtime-interface-client" in each), None)
    if not jar:
        raise Unusable("Lambda's runtime interface client is not among the dependencies; run mvn test-compile")
    machine = {"x86_64": "x86_64", "aarch64": "aarch_64"}.get(os.uname().machine, os.uname().machine)
    libc = "linux_musl" if os.path.exists("/etc/alpine-release") else "linux"
    target = folder / "native.so"
    with zipfile.ZipFile(jar) as packed:
        target.write_bytes(packed.read(f"jni/libaws-lambda-jni.{libc}-{machine}.so"))
    return target
