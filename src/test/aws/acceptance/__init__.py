"""The acceptance run of Athena Calculation Guard: checks in an AWS account what no test on this machine can."""
