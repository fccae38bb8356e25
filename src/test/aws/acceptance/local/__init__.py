"""An AWS on this machine, with faults on demand, on which the acceptance run checks itself."""
