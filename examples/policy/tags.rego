# Tags by which the bill is told apart.
package main

import rego.v1

import data.mfinfra.limits
import data.mfinfra.plan

deny contains msg if some msg in plan.unreadable

deny contains msg if some msg in limits.wrong

deny contains msg if {
	some change in input.resource_changes
	is_object(change.change.after)
	is_array(limits.required_tags)
	some tag in limits.required_tags
	not tagged(change, tag)
	msg := sprintf("%s: it has no tag `%s`", [change.address, tag])
}

tagged(change, tag) if {
	is_string(change.change.after.tags[tag])
	change.change.after.tags[tag] != ""
}
