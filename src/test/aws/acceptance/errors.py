"""The errors of the acceptance run, one for each reaction."""


class Unusable(Exception):
    """The run cannot start or go on. The message is one line that says what is wrong and what to do."""


class Unexpected(Exception):
    """AWS or the guard answered something else than the step expects."""


class Skipped(Exception):
    """The step cannot run here. The message gives the reason."""


def expect(holds, text):
    """Fails the step unless something holds."""
    if not holds:
        raise Unexpected(text)


def one_line(error):
    """An exception as one line for a person."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 600 else text[:597] + "..."
