package mfinfra.metaflow_test

import rego.v1

import data.main
import data.mfinfra.samples

changing(key, before, after) := object.union(samples.plan([]), {"metaflow_changes": {key: {"before": before, "after": after}}})

queue := "METAFLOW_BATCH_JOB_QUEUE"

denied := "METAFLOW_BATCH_JOB_QUEUE changes: `approvals.metaflow` does not name it"

cases := {
	"no key changes": {"plan": samples.plan([]), "deny": set()},
	"a key is new": {"plan": changing(queue, null, "b"), "deny": set()},
	"a key changes": {"plan": changing(queue, "a", "b"), "deny": {denied}},
	"a key goes": {"plan": changing(queue, "a", null), "deny": {denied}},
	"a key changes with approval": {
		"plan": changing(queue, "a", "b"),
		"approvals": {"metaflow": [queue]},
		"deny": set(),
	},
	"a key of which nothing is said": {
		"plan": object.union(samples.plan([]), {"metaflow_changes": {queue: {}}}),
		"deny": {denied},
	},
	"a plan that does not say": {
		"plan": object.remove(samples.plan([]), ["metaflow_changes"]),
		"deny": {"the plan has no `metaflow_changes`: this policy cannot judge it"},
	},
	"a key that is none": {
		"plan": changing("x ::error::y", "a", "b"),
		"deny": {"a key of Metaflow's configuration changes: `approvals.metaflow` does not name it"},
	},
}

# `opa test` and `conftest verify`: every case is denied for exactly what it says. `wrong` shows what was found instead.
wrong[name] := found if {
	some name, case in cases
	found := main.deny with input as case.plan
		with data.approvals as object.get(case, "approvals", {})
		with data.limits as object.get(case, "limits", {})
	found != case.deny
}

test_every_case if {
	count(cases) > 1
	wrong == {}
}
