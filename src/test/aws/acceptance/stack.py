"""Deploys the guard as its README says, under a name of the run's own."""

import subprocess

from botocore.exceptions import ClientError

from .errors import Unexpected, expect
from .ledger import delete_stack, exists
from .template import ROOT, Template


class Stack:
    """One stack. Its outputs and resources are what CloudFormation says."""

    def __init__(self, aws, ledger, pace, name, bucket, packaged=None):
        self.aws, self.ledger, self.pace, self.name, self.bucket = aws, ledger, pace, name, bucket
        self.template = Template(packaged or ROOT / "template.yaml")
        self._packaged = packaged
        self._built = False
        self._parameters, self._outputs, self._resources = {}, None, None
        self.cloudformation = aws.client("cloudformation")

    def deploy(self, parameters):
        """Creates or updates the stack, and waits. Parameters that the template lacks are left out."""
        self._parameters.update(self.template.known(parameters))
        if not exists(self.cloudformation, self.name):
            self.ledger.add("stack", name=self.name, pause=self.pace.poll)
        self._outputs = self._resources = None
        self._deploy()
        for logical_id, (kind, physical_id) in self.resources().items():
            entry = {"kind": "log_group", "name": physical_id}
            # The template retains its logs; those of a sandbox are deleted.
            if kind == "AWS::Logs::LogGroup" and entry not in self.ledger.entries:
                self.ledger.add(**entry)

    def _deploy(self):
        template = self._packaged
        if not template:
            if not self._built:
                self._command(["sam", "build"], "sam build")
                self._built = True
            template = ROOT / ".aws-sam/build/template.yaml"
        # Not the user's own samconfig.toml, which names another stack.
        settings = self.ledger.file.with_name("samconfig.toml")
        settings.write_text("")
        command = [
            "sam",
            "deploy",
            "--template-file",
            str(template),
            "--stack-name",
            self.name,
            "--region",
            self.aws.region,
            "--s3-bucket",
            self.bucket,
            "--s3-prefix",
            self.name,
            "--capabilities",
            "CAPABILITY_IAM",
            "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
            "--no-progressbar",
            "--config-file",
            str(settings.resolve()),
            "--parameter-overrides",
        ]
        self._command(command + [f"{name}={value}" for name, value in self._parameters.items()], "sam deploy")

    def _command(self, command, title):
        done = subprocess.run(
            command, cwd=ROOT, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode:
            raise Unexpected(
                f"{title} ended with status {done.returncode}: " + self.aws.recorder.hidden(" ".join(done.stdout.split())[-1500:])
            )

    def status(self):
        """CloudFormation's status of the stack; absent without one."""
        try:
            return self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
        except ClientError as e:
            if "does not exist" in str(e):
                return None
            raise

    def outputs(self):
        """The value of each output."""
        if self._outputs is None:
            found = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0].get("Outputs", [])
            self._outputs = {each["OutputKey"]: each["OutputValue"] for each in found}
        return self._outputs

    def output(self, name):
        """The value of one output."""
        outputs = self.outputs()
        expect(name in outputs, f"the stack has no output {name}; it has {', '.join(sorted(outputs)) or 'none'}")
        return outputs[name]

    def resources(self):
        """Logical ID to (type, physical ID)."""
        if self._resources is None:
            self._resources = self._list_resources()
        return self._resources

    def _list_resources(self):
        found, more = {}, {}
        while True:
            page = self.cloudformation.list_stack_resources(StackName=self.name, **more)
            for each in page["StackResourceSummaries"]:
                found[each["LogicalResourceId"]] = (each["ResourceType"], each.get("PhysicalResourceId", ""))
            if not page.get("NextToken"):
                return found
            more = {"NextToken": page["NextToken"]}

    def physical_id(self, logical_id):
        """What a logical ID is in the account."""
        resources = self.resources()
        expect(logical_id in resources, f"the stack has no resource {logical_id}")
        return resources[logical_id][1]

    def log_group(self, handler):
        """The name of a function's log group."""
        return self.physical_id(self.template.log_group(handler))

    def function(self, handler):
        """The name of a function."""
        return self.physical_id(self.template.function(handler))

    def aliases(self):
        """The ARN of each alias of the stop function, by the alias's name."""
        return {arn.rsplit(":", 1)[1]: arn for kind, arn in self.resources().values() if kind == "AWS::Lambda::Alias"}

    def delete(self):
        """Deletes the stack and waits; its retained logs stay."""
        self._outputs = self._resources = None
        delete_stack(self.aws, self.name, self.pace.poll)
        self.ledger.drop("stack", name=self.name, pause=self.pace.poll)
