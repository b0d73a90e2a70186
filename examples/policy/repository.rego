# Repositories: a tag that can move runs something else tomorrow than what was reviewed today.
package main

import rego.v1

import data.mfinfra.plan

deny contains msg if some msg in plan.unreadable

deny contains msg if {
	some change in plan.standing("repository")
	not plan.setting(change, "immutable_tags") == true
	msg := sprintf("%s: its tags can be moved (`immutable_tags`)", [change.address])
}
