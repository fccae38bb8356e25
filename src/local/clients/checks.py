"""Counts what is as expected."""

passed, failed = 0, 0


def check(what, seen, expected):
    global passed, failed
    if seen == expected:
        passed += 1
    else:
        failed += 1
        print(f"FAILED  {what}: expected {expected!r}, saw {seen!r}")


def done(client):
    """Prints the counts; the status to end with."""
    print(f"{client}: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
