"""CloudFormation: stacks whose resources are made by the services themselves, as their clients would make them.

moto builds its models past the services' own operations, so that what a stack makes would not be what AWS makes of it.
"""

from mfinfra.sandbox.corrections.cloudformation import operations

__all__ = ["operations"]
