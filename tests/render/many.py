"""Plans of many resources that hang together as Metaflow's do, for what has to stay readable and quick."""

from render import plans

POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::metaflow-{name}/*"}
        for name in ("data", "code", "logs")
    ],
}
WISHED = {
    "name": "metaflow",
    "type": "EC2",
    "max_vcpus": 256,
    "instance_types": ["c6i.large", "c6i.xlarge", "m6i.large"],
    "subnets": ["subnet-0000000000000000a", "subnet-0000000000000000b"],
    "instance_role": "arn:aws:iam::123456789012:instance-profile/ecsInstanceRole",
    "policy": POLICY,
    "tags": {"team": "ml", **plans.OWNERSHIP},
}
ACTIONS = (["no-op"], ["create"], ["update"], ["delete"], ["create", "delete"], ["delete", "create"], ["adopt"])


def row(address, needs=(), actions=("no-op",), **parts):
    made = plans.change(address, actions, *_fields(actions), before=_side(actions, "create"),
                        after=_side(actions, "delete"), **parts)  # fmt: skip
    return {**made, "depends_on": sorted(needs)}


def _side(actions, without):
    return None if list(actions) == [without] else {"name": "x", "tags": {"team": "ml"}, "size": 4}


def _fields(actions):
    match list(actions):
        case ["no-op"] | ["delete"]:
            return ()
        case ["create"]:
            return tuple(plans.field([name], None, value) for name, value in WISHED.items())
        case words:
            return (plans.field(["instance_types", 1], "c5.large", "c6i.large", replaces="delete" in words),
                    plans.field(["max_vcpus"], 64, 256), plans.field(["policy"], None, POLICY))  # fmt: skip


def stack(teams=6):
    """Ten resources for each team: its roles, network, compute environments and queues; about 60 for six of them."""
    rows = [row("bucket.datastore"), row("table.foreach"), row("security_group.endpoints", ["security_group.team-0"])]
    for number in range(teams):
        team = f"team-{number}"
        action = ACTIONS[number % len(ACTIONS)]
        rows += [
            row(f"role.job-{team}", actions=action),
            row(f"role.instance-{team}"),
            row(f"log_group.{team}"),
            row(f"security_group.{team}", actions=ACTIONS[(number + 2) % len(ACTIONS)]),
            row(f"compute_environment.cpu-{team}", [f"role.instance-{team}", f"security_group.{team}"], action),
            row(f"compute_environment.gpu-{team}", [f"role.instance-{team}", f"security_group.{team}"]),
            row(f"job_queue.default-{team}", [f"compute_environment.cpu-{team}"], action),
            row(f"job_queue.urgent-{team}",
                [f"compute_environment.cpu-{team}", f"compute_environment.gpu-{team}", "bucket.datastore"]),
            row(f"endpoint.ecr-{team}", ["security_group.endpoints", f"security_group.{team}"], action),
        ]  # fmt: skip
    return rows


def plan(teams=6, **parts):
    return plans.document(*stack(teams), **parts)


def plan_of(count):
    """A plan of `count` resources of which two in three change."""
    rows = stack(count // 9 + 1)[:count]
    return plans.document(*rows)
