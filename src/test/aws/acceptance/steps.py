"""The steps of the run, in order."""

import dataclasses
import typing

STEPS = []


@dataclasses.dataclass(frozen=True)
class Step:
    """One named check.

    expects says what AWS should answer; claims are the ids of what it settles (see claims.py); not_local is the
    reason why it cannot run on this machine, if it cannot.
    """

    name: str
    title: str
    expects: str
    claims: typing.Tuple[str, ...]
    run: typing.Callable
    not_local: typing.Optional[str] = None


def step(name, title, expects, claims=(), not_local=None):
    """Adds a function to the steps."""

    def add(function):
        STEPS.append(Step(name, title, expects, tuple(claims), function, not_local))
        return function

    return add


def all_steps():
    """Every step, in the order in which the run takes them."""
    # Imported in this order on purpose: each module adds its steps.
    from . import steps_deploy, steps_stop, steps_errors, steps_page, steps_change, steps_sweep, steps_report, steps_end

    modules = (steps_deploy, steps_stop, steps_errors, steps_page, steps_change, steps_sweep, steps_report, steps_end)
    place = {module.__name__: index for index, module in enumerate(modules)}
    return sorted(STEPS, key=lambda each: place[each.run.__module__])
