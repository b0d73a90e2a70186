# What is lost: data, anything that nobody approved, and too much at once. A replacement destroys, too.
package main

import rego.v1

import data.mfinfra.limits
import data.mfinfra.plan

deny contains msg if some msg in plan.unreadable

deny contains msg if some msg in limits.wrong

deny contains msg if {
	some change in plan.destroyed
	change.kind in limits.data_kinds
	not plan.approved("data_loss", change.address)
	msg := sprintf("%s holds data and is %s: `approvals.data_loss` does not name it", [change.address, ending(change)])
}

deny contains msg if {
	some change in plan.destroyed
	not change.kind in limits.data_kinds
	not plan.approved("destroy", change.address)
	msg := sprintf("%s is %s: `approvals.destroy` does not name it", [change.address, ending(change)])
}

deny contains msg if {
	count(plan.destroyed) > limits.max_deletes
	msg := sprintf("%d resources are destroyed or replaced, more than %d", [count(plan.destroyed), limits.max_deletes])
}

ending(change) := "replaced" if plan.replaced(change)

ending(change) := "destroyed" if not plan.replaced(change)
