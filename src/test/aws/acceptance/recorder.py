"""Records what AWS answers, verbatim."""

import datetime
import re
import time

MAX_CHARACTERS = 6000
STATE = re.compile(r'"(?:State|StackStatus)"\s*:\s*"(\w+)"|<StackStatus>(\w+)<')
# Bodies that are packages or pages of thousands of lines, and say nothing about the guard.
UNRECORDED = {("s3", "PutObject"), ("s3", "DeleteObjects"), ("s3", "ListObjectVersions")}


class Recorder:
    """Keeps each call of the current step with its answer; consecutive equal calls are counted."""

    def __init__(self):
        self.calls = []
        self._secrets, self._seen = [], {}

    def hide(self, text, name):
        """Replaces a text by a name in everything that is recorded."""
        if text:
            self._secrets.append((text, name))

    def hidden(self, value):
        """The value without what must not be in a report."""
        if isinstance(value, str):
            for text, name in self._secrets:
                value = value.replace(text, name)
            return value
        if isinstance(value, dict):
            return {self.hidden(key): self.hidden(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.hidden(item) for item in value]
        if isinstance(value, (datetime.datetime, bytes)):
            return self.hidden(str(value))
        return value

    def attach(self, client):
        """Records every call of a client."""
        client.meta.events.register("before-parameter-build", self._before)
        client.meta.events.register("after-call", self._after)
        return client

    def take(self):
        """The calls since the last time."""
        taken, self.calls = self.calls, []
        return taken

    @staticmethod
    def _before(params, context, **_):
        context["acceptance"] = (dict(params), time.monotonic())

    def _after(self, http_response, parsed, model, context, **_):
        service = model.service_model.service_name
        if (service, model.name) in UNRECORDED or "acceptance" not in context:
            return
        params, began = context["acceptance"]
        body = "(a stream; see the step's facts)" if model.has_streaming_output else http_response.text
        self.add(service, model.name, params, http_response.status_code, body, began)

    def add(self, service, operation, params, status, body, began):
        """Records one call and its answer."""
        call = self.hidden(
            {
                "call": f"{service}:{operation}",
                "parameters": params,
                "status": status,
                "answer": body[:MAX_CHARACTERS] + (" [cut]" if len(body) > MAX_CHARACTERS else ""),
                "millis": round(1000 * (time.monotonic() - began)),
                "times": 1,
            }
        )
        if len(call["answer"]) > 300:
            before = self._seen.setdefault((call["call"], call["answer"]), len(self._seen) + 1)
            call["answer"] = call["answer"] if before == len(self._seen) else f"(the same answer as the one with the number {before})"
            call["number"] = before
        last = self.calls[-1] if self.calls else None
        same = last and all(last[key] == call[key] for key in ("call", "parameters", "status"))
        if same and STATE.findall(last["answer"]) == STATE.findall(call["answer"]):
            call["times"] += last["times"]
            self.calls[-1] = call
        else:
            self.calls.append(call)
