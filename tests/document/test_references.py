from __future__ import annotations

from pathlib import Path

from mfinfra.document import read
from mfinfra.document.circles import circles
from mfinfra.model import Address, Ref, Template

GROUP = Address("security_group", "s")

REFERENCES = Path(__file__).with_name("files") / "references.yaml"


def test_what_follows_from_the_file_is_filled_in():
    resources = read(REFERENCES).environment.resources
    spec = {str(address): resource.spec for address, resource in resources.items()}
    assert spec["compute_environment.c"]["name"] == "c-dev"
    assert spec["compute_environment.c"]["instance_role"] == "arn:aws:iam::123456789012:instance-profile/r"
    [statement] = spec["role.t"]["trust"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:role/team/r"}
    assert statement["Condition"] == {"StringEquals": {"us-east-1:x": "${aws:username}"}}
    tags = resources[Address("job_queue", "q")].tags
    assert tags == {"c": "arn:aws:iam::123456789012:role/team/r"}


def test_what_aws_invents_stays_a_reference():
    resources = read(REFERENCES).environment.resources
    known = Ref(GROUP, "id")
    assert resources[Address("compute_environment", "c")].spec["security_groups"] == [known, "sg-1"]
    order = resources[Address("job_queue", "q")].spec["compute_environments"]
    assert order == [Ref(Address("compute_environment", "c"), "arn"), "other"]
    endpoint = resources[Address("endpoint", "e")].spec
    assert endpoint["security_groups"] == [known]
    assert endpoint["policy"]["Statement"]["Resource"] == Template(("x:", known, ":y:*"))


def test_a_resource_depends_on_all_that_it_refers_to_but_not_on_itself():
    needs = {str(a): sorted(map(str, r.depends_on)) for a, r in read(REFERENCES).environment.resources.items()}
    assert needs == {
        "security_group.s": [],
        "role.r": [],
        "role.t": ["role.r"],
        "compute_environment.c": ["role.r", "security_group.s"],
        "job_queue.q": ["compute_environment.c", "role.r", "role.t"],
        "endpoint.e": ["security_group.s"],
    }


def test_addresses_in_the_metaflow_block_stay_addresses():
    assert read(REFERENCES).environment.metaflow == {"batch": {"queue": "job_queue.q", "image": "img:dev"}}


def test_partitions_follow_from_the_region(file):
    for region, partition, suffix in (
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
    ):
        path = file(
            f"version: 1\nenvironment: dev\naccount: 012345670123\nregion: {region}\nresources:\n"
            '  repository: {r: {name: "x-${partition}", tags: {u: "${repository.r.url}", a: "${repository.r.arn}"}}}\n'
        )
        [resource] = read(path).environment.resources.values()
        assert resource.tags == {
            "u": f"012345670123.dkr.ecr.{region}.{suffix}/x-{partition}",
            "a": f"arn:{partition}:ecr:{region}:012345670123:repository/x-{partition}",
        }


def test_a_field_that_is_not_managed_makes_what_follows_from_it_unknown(environment):
    found = environment("""
resources:
  role:
    r: {name: r, path: null, preset: ecs_instance}
    s: {name: s, preset: user, description: "like ${role.r.arn}"}
""")
    role = Ref(Address("role", "r"), "arn")
    assert found.resources[Address("role", "s")].spec["description"] == Template(("like ", role))


def test_a_disabled_resource_may_refer_to_another(environment):
    found = environment("""
resources:
  log_group:
    a: {name: x, enabled: false}
    b: {name: "${log_group.a.name}-b", enabled: false}
""")
    assert found.resources == {}
    assert found.disabled[Address("log_group", "b")].spec["name"] == "x-b"


def test_protection_follows_from_the_kind_unless_it_is_written(environment):
    found = environment("""
resources:
  log_group: {a: {name: x}, b: {name: y, protect: false, adopt: true}}
  role: {r: {name: r, preset: user, protect: true}, s: {name: s, preset: user, protect: null}}
""")
    protect = {str(address): resource.protect for address, resource in found.resources.items()}
    assert protect == {"log_group.a": True, "log_group.b": False, "role.r": True, "role.s": False}
    assert [str(address) for address, resource in found.resources.items() if resource.adopt] == ["log_group.b"]


def test_every_knot_of_circles_is_told_once_from_its_smallest_address():
    def at(name):
        return Address("k", name)

    links = {"a": "bx", "b": "c", "c": "ab", "d": "ad", "e": "f", "f": "e", "x": "", "z": "zd"}
    found = circles({at(name): {at(target) for target in targets} for name, targets in links.items()})
    assert ["".join(address.name for address in circle) for circle in found] == ["abca", "efe"]


def test_a_rule_about_a_field_does_not_hold_for_one_that_is_not_managed(environment):
    """`type: null` is neither a Gateway nor an Interface, and no strategy is not BEST_FIT."""
    found = environment(
        """
resources:
  endpoint:
    logs: {vpc: vpc-01234567, service: logs, type: null, subnets: [subnet-01234567]}
  compute_environment:
    spot:
      {name: c, type: SPOT, allocation_strategy: null, instance_role: p, subnets: [s-1], security_groups: [sg-01234567]}
"""
    )
    assert {str(address) for address in found.resources} == {"endpoint.logs", "compute_environment.spot"}
