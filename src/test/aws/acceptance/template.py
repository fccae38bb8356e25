"""What template.yaml says of itself, so that no name of it is written down twice."""

import pathlib

from samcli.yamlhelper import yaml_parse

from .errors import Unusable

ROOT = pathlib.Path(__file__).resolve().parents[4]


class Template:
    """A SAM template."""

    def __init__(self, file):
        try:
            self.file = pathlib.Path(file)
            self.text = self.file.read_text()
        except OSError as e:
            raise Unusable(f"cannot read the template {file}: {e.strerror}; name another one by --packaged") from e
        self.body = yaml_parse(self.text)
        self.parameters = self.body["Parameters"]
        self.resources = self.body["Resources"]
        self.outputs = self.body["Outputs"]

    def function(self, handler):
        """The logical ID of the function with a handler's class, such as StopHandler."""
        return next(name for name, properties in self.functions().items() if properties["Handler"].endswith("." + handler))

    def functions(self):
        """The properties of each function."""
        return {name: each["Properties"] for name, each in self.resources.items() if each["Type"] == "AWS::Serverless::Function"}

    def log_group(self, handler):
        """The logical ID of a function's log group."""
        return self.functions()[self.function(handler)]["LoggingConfig"]["LogGroup"]["Ref"]

    def of_type(self, kind):
        """The logical IDs of all resources of a type."""
        return [name for name, each in self.resources.items() if each["Type"] == kind]

    def known(self, parameters):
        """Those of some parameters that the template declares."""
        return {name: str(value) for name, value in parameters.items() if name in self.parameters}
