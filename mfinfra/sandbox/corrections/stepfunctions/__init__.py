"""AWS Step Functions: definitions and roles are checked here, and executions run; moto keeps the state machines."""

from mfinfra.sandbox.corrections.stepfunctions import executions, histories, machines, map_runs

__all__ = ["executions", "histories", "machines", "map_runs"]
