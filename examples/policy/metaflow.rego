# Metaflow's configuration: a key that changes reaches everybody who runs flows. A key that is new does not.
package main

import rego.v1

import data.mfinfra.plan

deny contains msg if some msg in plan.unreadable

deny contains msg if some msg in plan.lacks(["metaflow_changes"])

deny contains msg if {
	some key, values in input.metaflow_changes
	not new(values)
	not plan.approved("metaflow", key)
	msg := sprintf("%s changes: `approvals.metaflow` does not name it", [shown(key)])
}

new(values) if is_null(values.before)

shown(key) := key if regex.match(`^[A-Z][A-Z0-9_]*$`, key)

shown(key) := "a key of Metaflow's configuration" if not regex.match(`^[A-Z][A-Z0-9_]*$`, key)
