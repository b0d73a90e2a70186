# What every rule file shares: is this a plan that the rules can read, and what does a change do?
package mfinfra.plan

import rego.v1

words := {"no-op", "create", "update", "delete", "adopt", "forget"}

address := `^[a-z_]+\.[A-Za-z][A-Za-z0-9_-]{0,62}$`

# A rule about a key that is not there is false, and so silent. Each rule file denies `unreadable`, and what it `lacks`.
unreadable contains "this is no mfinfra plan of format_version 1.x" if not version_1

unreadable contains "the plan has no list `resource_changes`" if not is_array(object.get(input, "resource_changes", null))

unreadable contains msg if {
	some number, change in input.resource_changes
	not readable(change)
	msg := sprintf("resource_changes[%d] is not what format_version 1.x says: no rule can judge it", [number])
}

version_1 if regex.match(`^1\.[0-9]+$`, input.format_version)

readable(change) if {
	regex.match(address, change.address)
	startswith(change.address, sprintf("%s.", [change.kind]))
	count(change.change.actions) > 0
	every word in change.change.actions { word in words }
	state(change.change.before)
	state(change.change.after)
	is_object(change.change.after_unknown)
}

state(value) if is_object(value)

state(value) if is_null(value)

# Which of `paths` (dots lead into them) the plan does not have.
lacks(paths) := {msg |
	some path in paths
	object.get(input, split(path, "."), null) == null
	msg := sprintf("the plan has no `%s`: this policy cannot judge it", [path])
}

# Which of the changes do not have the key `name`.
changes_lack(name) := {msg |
	change := input.resource_changes[number]
	not name in object.keys(change)
	msg := sprintf("resource_changes[%d] has no `%s`: this policy cannot judge it", [number, name])
}

destroyed contains change if {
	some change in input.resource_changes
	"delete" in change.change.actions
}

replaced(change) if {
	"delete" in change.change.actions
	"create" in change.change.actions
}

# What stands after the plan, unchanged things too: the rules about settings judge what will be, not what changes.
standing(kind) := [change |
	some change in input.resource_changes
	change.kind == kind
	is_object(change.change.after)
]

# The setting `name` after the plan: as the file says it, or as AWS has it where the file leaves it alone.
setting(change, name) := change.change.after[name]

setting(change, name) := change.change.before[name] if {
	not name in object.keys(change.change.after)
	not name in object.keys(change.change.after_unknown)
}

# People's word for what is otherwise denied: `conftest test --data approvals.json`. Without that file nothing is approved.
approved(list, item) if item in data.approvals[list]
