# Plans as small as a plan may be, for the tests of the rules.
package mfinfra.samples

import rego.v1

plan(changes) := {
	"format_version": "1.0",
	"complete": true,
	"environment": {"account": "123456789012"},
	"checks": [{"code": "MF4103", "status": "pass", "message": "nothing protected is destroyed", "address": null}],
	"metaflow_changes": {},
	"resource_changes": changes,
}

change(address, actions, before, after) := {
	"address": address,
	"kind": split(address, ".")[0],
	"name": split(address, ".")[1],
	"change": {"actions": actions, "before": before, "after": after, "after_unknown": {}},
	"blocked": null,
	"drift": "none",
}

# What is made: everything that the rules of other files want is as they want it.
created(address, after) := change(address, ["create"], null, object.union({"tags": {"team": "ml"}}, after))

kept(address, before, after) := change(
	address,
	["no-op"],
	object.union({"tags": {"team": "ml"}}, before),
	object.union({"tags": {"team": "ml"}}, after),
)

deleted(address) := change(address, ["delete"], {"tags": {"team": "ml"}}, null)

with_unknown(made, unknown) := object.union(
	made,
	{"change": object.union(made.change, {"after_unknown": unknown})},
)

bucket(after) := created("bucket.data", object.union(
	{"encryption": {"algorithm": "AES256"}, "block_public_access": true, "tls_only": true},
	after,
))

role(after) := created("role.job", object.union(
	{"trust": trust({"Service": "ecs-tasks.amazonaws.com"}), "policies": {}, "managed_policies": []},
	after,
))

trust(principal) := {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]}

policies(statement) := {"policies": {"mine": {"Version": "2012-10-17", "Statement": [statement]}}}
