# Roles: what they may do, and who may take them on.
package main

import rego.v1

import data.mfinfra.limits
import data.mfinfra.plan

deny contains msg if some msg in plan.unreadable

deny contains msg if some msg in limits.wrong

# A role without these keys would pass every rule below.
deny contains msg if {
	some change in plan.standing("role")
	some name in ["trust", "policies", "managed_policies"]
	not plan.setting(change, name)
	msg := sprintf("%s: its `%s` is not in the plan, or known after apply only", [change.address, name])
}

# Of a policy, only resources and conditions may be known after apply.
deny contains msg if {
	some change in plan.standing("role")
	some name in ["trust", "policies", "managed_policies"]
	walk(object.get(change.change.after_unknown, name, {}), [path, true])
	count({"Resource", "Condition"} & {key | some key in path}) == 0
	msg := sprintf("%s: a part of its `%s` is known after apply only", [change.address, name])
}

deny contains msg if {
	some grant in grants
	some action in listed(grant.statement.Action)
	regex.match(`^[*?:]+$`, action)
	msg := sprintf("%s: a policy allows every action", [grant.address])
}

deny contains msg if {
	some grant in grants
	some name in ["NotAction", "NotResource"]
	name in object.keys(grant.statement)
	msg := sprintf("%s: a policy allows all but a few (`%s`)", [grant.address, name])
}

deny contains msg if {
	some grant in grants
	some resource in listed(grant.statement.Resource)
	regex.match(`^[*?]+$`, resource)
	some action in listed(grant.statement.Action)
	not lower(action) in {lower(known) | some known in limits.actions_on_anything}
	msg := sprintf("%s: a policy allows an action on every resource that could name its own", [grant.address])
}

deny contains msg if {
	some change in plan.standing("role")
	some policy in plan.setting(change, "managed_policies")
	some name in limits.forbidden_policies
	endswith(sprintf("/%s", [policy]), sprintf("/%s", [name]))
	msg := sprintf("%s: %s is attached", [change.address, name])
}

deny contains msg if {
	some change in plan.standing("role")
	some statement in listed(plan.setting(change, "trust").Statement)
	statement.Effect == "Allow"
	open(statement)
	msg := sprintf("%s: anybody may take it on", [change.address])
}

open(statement) if "NotPrincipal" in object.keys(statement)

open(statement) if statement.Principal == "*"

open(statement) if {
	is_object(statement.Principal)
	some principals in statement.Principal
	some principal in listed(principals)
	principal == "*"
}

# Every allowing statement of every inline policy, beside the role that it is of.
grants contains {"address": change.address, "statement": statement} if {
	some change in plan.standing("role")
	some policy in plan.setting(change, "policies")
	some statement in listed(policy.Statement)
	statement.Effect == "Allow"
}

# IAM lets one thing stand for a list of one.
listed(value) := value if is_array(value)

listed(value) := [value] if not is_array(value)
