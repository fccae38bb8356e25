"""EventBridge's patterns, as far as the template uses them."""


def matches(pattern, event):
    """Whether an event has what a pattern asks for."""
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(each, event) for each in wanted):
                return False
        elif isinstance(wanted, dict):
            if not isinstance(event.get(key), dict) or not matches(wanted, event[key]):
                return False
        elif not any(accepts(each, event, key) for each in wanted):
            return False
    return True


def accepts(wanted, event, key):
    """Whether one of the values that a pattern lists fits."""
    if isinstance(wanted, dict):
        ((kind, value),) = wanted.items()
        if kind == "exists":
            return (key in event) == value
        if kind == "prefix":
            return isinstance(event.get(key), str) and event[key].startswith(value)
        if kind == "anything-but":
            return key in event and event[key] not in (value if isinstance(value, list) else [value])
        raise NotImplementedError(f"patterns with {kind}")
    return key in event and event[key] == wanted
