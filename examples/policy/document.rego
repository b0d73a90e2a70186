# The plan as a whole: readable, complete, unblocked, and not about to undo what somebody did by hand.
package main

import rego.v1

import data.mfinfra.plan

deny contains msg if some msg in plan.unreadable

deny contains msg if some msg in plan.lacks(["complete", "checks", "environment.account"])

deny contains msg if {
	some name in ["blocked", "drift"]
	some msg in plan.changes_lack(name)
}

deny contains "the plan is incomplete: it was narrowed, or something could not be read" if not input.complete == true

deny contains msg if {
	some change in input.resource_changes
	not is_null(change.blocked)
	msg := sprintf("%s is blocked by a guard of mfinfra", [change.address])
}

# Guards over the whole plan, and any other check that failed.
deny contains msg if {
	some number, check in input.checks
	not check.status in {"pass", "warn"}
	msg := sprintf("checks[%d] did not pass", [number])
}

# Applying takes back what somebody changed in AWS: have it written into the file, or approved.
deny contains msg if {
	some change in input.resource_changes
	not change.drift in {"none", "file"}
	not plan.approved("drift", change.address)
	msg := sprintf("%s was changed in AWS since the last apply, not in the file", [change.address])
}
