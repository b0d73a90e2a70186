"""What IAM decides by conditions, operator by operator."""

from __future__ import annotations

from evaluate_case import conditions, values

LOGIC = conditions(
    "conditions",
    ({"StringEquals": {"x:a": ["1", "2"]}}, {"x:a": ["2"]}, True),
    ({"StringEquals": {"x:a": ["1", "2"]}}, {"x:a": ["3"]}, False),
    ({"StringNotEquals": {"x:a": ["1", "2"]}}, {"x:a": ["2"]}, False),
    ({"StringNotEquals": {"x:a": ["1", "2"]}}, {"x:a": ["3"]}, True),
    ({"StringEquals": {"x:a": "1", "x:b": "2"}}, {"x:a": ["1"], "x:b": ["2"]}, True),
    ({"StringEquals": {"x:a": "1", "x:b": "2"}}, {"x:a": ["1"], "x:b": ["3"]}, False),
    ({"StringEquals": {"x:a": "1"}, "Bool": {"x:b": "true"}}, {"x:a": ["1"], "x:b": ["true"]}, True),
    ({"StringEquals": {"x:a": "1"}, "Bool": {"x:b": "true"}}, {"x:a": ["1"], "x:b": ["false"]}, False),
    ({"StringEquals": {"x:a": []}}, {"x:a": ["1"]}, False),
    ({}, {}, True),
)
MISSING = conditions(
    "keys",
    ({"StringEquals": {"X:Key": "v"}}, {"x:kEY": ["v"]}, True),
    ({"StringEquals": {"x:key": "v"}}, {}, False),
    ({"StringLike": {"x:key": "*"}}, {}, False),
    ({"NumericLessThan": {"x:key": "1"}}, {}, False),
    ({"Bool": {"x:key": "false"}}, {}, False),
    ({"IpAddress": {"x:key": "0.0.0.0/0"}}, {}, False),
    ({"StringNotEquals": {"x:key": "v"}}, {}, True),
    ({"StringNotLike": {"x:key": "v"}}, {}, True),
    ({"StringNotEqualsIgnoreCase": {"x:key": "v"}}, {}, True),
    ({"ArnNotLike": {"x:key": "arn:aws:s3:::b"}}, {}, True),
    ({"NumericNotEquals": {"x:key": "1"}}, {}, True),
    ({"DateNotEquals": {"x:key": "2020-01-01"}}, {}, True),
    ({"NotIpAddress": {"x:key": "10.0.0.0/8"}}, {}, True),
    ({"StringEquals": {"x:key": "v"}}, {"x:key": []}, False),
)
STRINGS = values(
    "strings",
    ("StringEquals", "v", "v", True),
    ("StringEquals", "v", "V", False),
    ("StringEquals", "*", "v", False),
    ("StringEquals", True, "true", True),
    ("StringEquals", 5, "5", True),
    ("StringNotEquals", "v", "V", True),
    ("StringNotEquals", "v", "v", False),
    ("StringEqualsIgnoreCase", "vALUE", "Value", True),
    ("StringEqualsIgnoreCase", "v", "w", False),
    ("StringNotEqualsIgnoreCase", "v", "V", False),
    ("StringLike", "v*e", "value", True),
    ("StringLike", "v?lue", "value", True),
    ("StringLike", "V*", "value", False),
    ("StringLike", "a*c", "a/b:c", True),
    ("StringLike", "v", "value", False),
    ("StringNotLike", "v*", "value", False),
    ("StringNotLike", "x*", "value", True),
)
NUMBERS = values(
    "numbers",
    ("NumericEquals", "5", "5.0", True),
    ("NumericEquals", 5, "5", True),
    ("NumericEquals", "5", "6", False),
    ("NumericNotEquals", "5", "6", True),
    ("NumericNotEquals", "5", "5", False),
    ("NumericLessThan", "10", "9", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericGreaterThan", "10", "9", False),
    ("NumericGreaterThan", "10", "11", True),
    ("NumericGreaterThanEquals", "10", "10", True),
    ("NumericGreaterThanEquals", "-1", "-2", False),
)
DATES = values(
    "dates",
    ("DateEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", True),
    ("DateEquals", "2020-01-01T00:00:00Z", "1577836800", True),
    ("DateEquals", "2020-01-01", "2020-01-01T01:00:00+01:00", True),
    ("DateNotEquals", "2020-01-01", "2020-01-02", True),
    ("DateLessThan", "2020-01-02T00:00:00Z", "2020-01-01T23:59:59Z", True),
    ("DateLessThan", "2020-01-02T00:00:00Z", "2020-01-02T00:00:00Z", False),
    ("DateLessThanEquals", "2020-01-02T00:00:00Z", "2020-01-02T00:00:00Z", True),
    ("DateGreaterThan", "2020-01-02T00:00:00Z", "2020-01-02T00:00:01Z", True),
    ("DateGreaterThan", "2020-01-02T00:00:00Z", "2020-01-01T00:00:01Z", False),
    ("DateGreaterThanEquals", "2020-01-02T00:00:00Z", "2020-01-02T00:00:00Z", True),
)
BOOLEANS = values(
    "booleans",
    ("Bool", "true", "true", True),
    ("Bool", True, "true", True),
    ("Bool", "true", "false", False),
    ("Bool", "false", "false", True),
)
BINARY = values(
    "binary",
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5", False),
)
ADDRESSES = values(
    "addresses",
    ("IpAddress", "203.0.113.0/24", "203.0.113.7", True),
    ("IpAddress", "203.0.113.0/24", "203.0.114.7", False),
    ("IpAddress", "203.0.113.7", "203.0.113.7", True),
    ("IpAddress", ["10.0.0.0/8", "203.0.113.0/24"], "203.0.113.7", True),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
    ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
    ("NotIpAddress", "203.0.113.0/24", "203.0.114.7", True),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.7", False),
)
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
ARNS = values(
    "arns",
    ("ArnEquals", TOPIC, TOPIC, True),
    ("ArnEquals", "arn:aws:sns:*:123456789012:to?ic", TOPIC, True),
    ("ArnLike", "arn:aws:sns:us-east-1:123456789012:*", TOPIC, True),
    ("ArnLike", "arn:aws:sns:us-east-1:123456789012:*", f"{TOPIC}:subscription", True),
    ("ArnLike", "arn:aws:s*:us-east-1:*:topic", TOPIC, True),
    ("ArnLike", "arn:aws:sns:*:topic:x:y", "arn:aws:sns:us-east-1:123456789012:topic:x:y", False),
    ("ArnLike", "arn:aws:sns:us-east-1:999999999999:*", TOPIC, False),
    ("ArnLike", TOPIC.upper(), TOPIC, False),
    ("ArnLike", TOPIC, "no ARN", False),
    ("ArnNotEquals", TOPIC, TOPIC, False),
    ("ArnNotLike", "arn:aws:sns:us-west-2:*:*", TOPIC, True),
)
IF_EXISTS = conditions(
    "if exists",
    ({"StringEqualsIfExists": {"x:key": "v"}}, {}, True),
    ({"StringEqualsIfExists": {"x:key": "v"}}, {"x:key": ["v"]}, True),
    ({"StringEqualsIfExists": {"x:key": "v"}}, {"x:key": ["w"]}, False),
    ({"StringNotEqualsIfExists": {"x:key": "v"}}, {}, True),
    ({"BoolIfExists": {"x:key": "true"}}, {}, True),
    ({"BoolIfExists": {"x:key": "true"}}, {"x:key": ["false"]}, False),
    ({"ArnLikeIfExists": {"x:key": TOPIC}}, {"x:key": [TOPIC]}, True),
    ({"NumericLessThanIfExists": {"x:key": "5"}}, {"x:key": ["6"]}, False),
)
NULL = conditions(
    "null",
    ({"Null": {"x:key": "true"}}, {}, True),
    ({"Null": {"x:key": "true"}}, {"x:key": ["v"]}, False),
    ({"Null": {"x:key": "false"}}, {"x:key": ["v"]}, True),
    ({"Null": {"x:key": "false"}}, {}, False),
    ({"Null": {"x:key": True}}, {}, True),
)
ALL, ANY = "ForAllValues", "ForAnyValue"
SETS = conditions(
    "sets",
    ({f"{ALL}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "b"]}, True),
    ({f"{ALL}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a"]}, True),
    ({f"{ALL}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "c"]}, False),
    ({f"{ALL}:StringEquals": {"x:key": ["a", "b"]}}, {}, True),
    ({f"{ALL}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": []}, True),
    ({f"{ANY}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "c"]}, True),
    ({f"{ANY}:StringEquals": {"x:key": ["a", "b"]}}, {"x:key": ["c"]}, False),
    ({f"{ANY}:StringEquals": {"x:key": ["a", "b"]}}, {}, False),
    ({f"{ANY}:StringLike": {"x:key": "a*"}}, {"x:key": ["b", "ab"]}, True),
    ({f"{ALL}:StringNotEquals": {"x:key": ["a", "b"]}}, {"x:key": ["c", "d"]}, True),
    ({f"{ALL}:StringNotEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "d"]}, False),
    ({f"{ANY}:StringNotEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "d"]}, True),
    ({f"{ANY}:StringNotEquals": {"x:key": ["a", "b"]}}, {"x:key": ["a", "b"]}, False),
    ({f"{ANY}:StringNotEquals": {"x:key": ["a", "b"]}}, {}, False),
    ({f"{ALL}:ArnLike": {"x:key": "arn:aws:sns:*:*:*"}}, {"x:key": [TOPIC, TOPIC]}, True),
)
CONDITIONS = [
    *LOGIC,
    *MISSING,
    *STRINGS,
    *NUMBERS,
    *DATES,
    *BOOLEANS,
    *BINARY,
    *ADDRESSES,
    *ARNS,
    *IF_EXISTS,
    *NULL,
    *SETS,
]
