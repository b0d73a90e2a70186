"""Looks at a strict sandbox: what each is refused with, and how many are."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

LATE = 3
MOST = 20


def refused(call, /, **params):
    """The code that the call is refused with."""
    return refusal(call, **params).partition(": ")[0]


def refusal(call, /, **params):
    """The code and the message that the call is refused with."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return f"{caught.value.response['Error']['Code']}: {caught.value.response['Error']['Message']}"


def looks_until(code, call, /, **params):
    """How many looks are refused with `code` before one is answered."""
    for looks in range(MOST):
        try:
            call(**params)
        except ClientError as error:
            met = error.response["Error"]["Code"]
        else:
            return looks
        if met != code:
            raise AssertionError(f"{met} and not {code}")
    raise AssertionError(f"{code} for ever")


def trust(service="ec2.amazonaws.com"):
    """A trust policy for a service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
