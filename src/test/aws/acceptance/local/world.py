"""Everything that plays AWS on this machine, started and stopped together."""

import json
import logging
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import boto3

from ..errors import Unusable
from ..template import ROOT
from .functions import Environment
from .gateway import ACCOUNT, REGION, Gateway
from .pace import PACE
from .stack import LocalStack, translator

TIMEOUT = 60


def java25():
    """A JDK 25, looked for where .ci/run looks."""
    homes = [os.environ.get(name) for name in ("JAVA_HOME_25_X64", "JAVA_HOME_25_ARM64", "JAVA_HOME")]
    homes += sorted(map(str, pathlib.Path("/usr/lib/jvm").glob("*")))
    for home in filter(None, homes):
        release = pathlib.Path(home, "release")
        if release.exists() and re.search(r'^JAVA_VERSION="25', release.read_text(), re.MULTILINE):
            return str(pathlib.Path(home, "bin", "java"))
    raise Unusable("found no JDK 25; install one, or name one by JAVA_HOME")


def class_path():
    """The guard's classes and its dependencies with the tests'; compiled if they are not."""
    target, listed = ROOT / "target", ROOT / "target/test-class-path"
    compiled = listed.exists() and (target / "classes/io").exists()
    if not compiled or listed.stat().st_mtime < (ROOT / "pom.xml").stat().st_mtime:
        if not shutil.which("mvn"):
            raise Unusable("found no Maven, which compiles the guard; install it")
        done = subprocess.run(
            [
                "mvn",
                "-q",
                "-B",
                "test-compile",
                "dependency:build-classpath",
                "-Dmdep.includeScope=test",
                "-Dmdep.outputFile=target/test-class-path",
            ],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise Unusable(f"the guard does not compile, see mvn test-compile: {done.stdout[-300:]}")
        # Maven does not write an unchanged list again.
        listed.touch()
    return listed.read_text().strip()


class Runtime:
    """The execution environments of the functions, one for each version and its variables."""

    def __init__(self, java, libraries, moto, sink):
        self._java, self._sink = java, sink
        self._class_path = os.pathsep.join([str(ROOT / "target/classes"), libraries])
        self._client = boto3.client(
            "lambda", endpoint_url=moto, region_name=REGION, aws_access_key_id="moto", aws_secret_access_key="local"
        )
        self._known, self._environments, self._lock = {}, {}, threading.RLock()
        self.variables, self.takes_snapshots = {}, True

    def know(self, name, properties):
        """Notes what moto does not keep of a function."""
        self._known[name] = properties

    def start(self, name, version):
        """Starts the environment of a version in the background, as Lambda does to take its snapshot."""
        if self.takes_snapshots:
            threading.Thread(target=self._environment, args=(name, version), daemon=True).start()

    def _environment(self, name, version):
        with self._lock:
            configuration = self._client.get_function_configuration(FunctionName=name, Qualifier=version)
            variables = configuration["Environment"]["Variables"]
            variables = {**variables, **self.variables}
            key = (name, configuration["Version"], json.dumps(variables, sort_keys=True))
            if key not in self._environments:
                known = self._known[name]
                settings = {
                    "FunctionName": name,
                    "Handler": known["Handler"],
                    "Version": configuration["Version"],
                    "Region": REGION,
                    "MemorySize": known["MemorySize"],
                    "LogGroup": known["LoggingConfig"]["LogGroup"],
                    "SnapStart": "SnapStart" in known and configuration["Version"] != "$LATEST",
                }
                self._environments[key] = Environment(self._java, self._class_path, settings, variables, self._sink)
            return self._environments[key]

    def invoke(self, function, event, qualifier):
        """Runs a function by its name or ARN, as the version that its alias names."""
        parts = function.split(":")
        name = parts[6] if len(parts) > 6 else parts[0]
        qualifier = qualifier or (parts[7] if len(parts) > 7 else parts[1] if len(parts) == 2 else None)
        version = qualifier or "$LATEST"
        if qualifier and not qualifier.isdigit() and qualifier != "$LATEST":
            version = self._client.get_alias(FunctionName=name, Name=qualifier)["FunctionVersion"]
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}" + (f":{qualifier}" if qualifier else "")
        return self._environment(name, version).invoke(event, arn, TIMEOUT)

    def close(self):
        for environment in self._environments.values():
            environment.close()


class World:
    """moto, the local Athena, the functions, and the gateway before them."""

    def __init__(self):
        java, libraries = java25(), class_path()
        self._closing = []
        try:
            self._start(java, libraries)
        except BaseException:
            self.close()
            raise

    def _start(self, java, libraries):
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = ThreadedMotoServer(port=0, verbose=False)
        server.start()
        self._closing.append(server.stop)
        moto = "127.0.0.1:%d" % server.get_host_and_port()[1]
        request = urllib.request.Request(
            f"http://{moto}/moto-api/config", json.dumps({"lambda": {"use_docker": False}}).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=10).close()
        athena = self._athena(java, libraries)
        self.runtime = Runtime(java, libraries, f"http://{moto}", self._log)
        self._closing.append(self.runtime.close)
        self.gateway = Gateway(moto, athena, self.runtime.invoke)
        self._closing.append(self.gateway.close)
        self.runtime.variables = {f"AWS_ENDPOINT_URL_{name}": self.gateway.endpoint for name in ("ATHENA", "SNS", "EVENTBRIDGE")}
        LocalStack.moto, LocalStack.runtime, LocalStack.extremes = f"http://{moto}", self.runtime, translator()
        self._logs = boto3.client(
            "logs", endpoint_url=f"http://{moto}", region_name=REGION, aws_access_key_id="moto", aws_secret_access_key="local"
        )

    def _athena(self, java, libraries):
        """The local Athena, out of its jar or else of its classes. Gives its address."""
        jar = ROOT / "target/athena-spark-local.jar"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        if jar.exists():
            command = [java, "-jar", str(jar), "--port", str(port)]
        else:
            command = [java, "-XX:TieredStopAtLevel=1", "-cp", os.pathsep.join([str(ROOT / "target/local-classes"), libraries])]
            command += ["io.github.athenasparklocal.Main", "--port", str(port)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._closing.append(lambda: (process.kill(), process.wait()))
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return f"127.0.0.1:{port}"
            except OSError:
                time.sleep(0.1)
        raise Unusable("the local Athena did not start; run mvn test-compile first")

    def _log(self, group, entries):
        """Writes a function's log entries to its log group, as Lambda does."""
        call_time = int(time.time() * 1000)
        if not self._logs.describe_log_streams(logGroupName=group)["logStreams"]:
            self._logs.create_log_stream(logGroupName=group, logStreamName="local")
        self._logs.put_log_events(
            logGroupName=group, logStreamName="local", logEvents=[{"timestamp": call_time, "message": entry} for entry in entries]
        )

    def close(self):
        """Stops everything."""
        for close in reversed(self._closing):
            close()


def stack_factory(world, aws, ledger, name):
    """Makes the stack of a run, and shows it to the gateway."""

    def new_stack(bucket):
        world.gateway.stack = LocalStack(aws, ledger, PACE, name, bucket)
        return world.gateway.stack

    return new_stack
