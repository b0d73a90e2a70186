package mfinfra.destroy_test

import rego.v1

import data.main
import data.mfinfra.samples

several := [samples.deleted(address) |
	some address in ["endpoint.a", "endpoint.b", "endpoint.c", "endpoint.d"]
]

approvals := {"destroy": ["endpoint.a", "endpoint.b", "endpoint.c", "endpoint.d"]}

replaced(address) := samples.change(address, ["create", "delete"], {}, {"tags": {"team": "ml"}})

cases := {
	"nothing destroyed": {
		"plan": samples.plan([samples.created("endpoint.a", {}), samples.kept("endpoint.b", {}, {})]),
		"deny": set(),
	},
	"a destroy that nobody approved": {
		"plan": samples.plan([samples.deleted("endpoint.a")]),
		"deny": {"endpoint.a is destroyed: `approvals.destroy` does not name it"},
	},
	"a destroy that was approved": {
		"plan": samples.plan([samples.deleted("endpoint.a")]),
		"approvals": approvals,
		"deny": set(),
	},
	"a replacement, the new one first": {
		"plan": samples.plan([replaced("job_queue.a")]),
		"deny": {"job_queue.a is replaced: `approvals.destroy` does not name it"},
	},
	"a replacement, the old one first": {
		"plan": samples.plan([samples.change("job_queue.a", ["delete", "create"], {}, {"tags": {"team": "ml"}})]),
		"deny": {"job_queue.a is replaced: `approvals.destroy` does not name it"},
	},
	"data that is destroyed, with the word for something else": {
		"plan": samples.plan([samples.deleted("table.foreach")]),
		"approvals": {"destroy": ["table.foreach"]},
		"deny": {"table.foreach holds data and is destroyed: `approvals.data_loss` does not name it"},
	},
	"data that is replaced": {
		"plan": samples.plan([replaced("log_group.flows")]),
		"deny": {"log_group.flows holds data and is replaced: `approvals.data_loss` does not name it"},
	},
	"data that may go": {
		"plan": samples.plan([samples.deleted("table.foreach")]),
		"approvals": {"data_loss": ["table.foreach"]},
		"deny": set(),
	},
	"an approval that is a word, no list": {
		"plan": samples.plan([samples.deleted("endpoint.a")]),
		"approvals": {"destroy": "endpoint.a"},
		"deny": {"endpoint.a is destroyed: `approvals.destroy` does not name it"},
	},
	"what is let go of stays": {
		"plan": samples.plan([samples.change("bucket.data", ["forget"], {}, null)]),
		"deny": set(),
	},
	"too many, though each was approved": {
		"plan": samples.plan(several),
		"approvals": approvals,
		"deny": {"4 resources are destroyed or replaced, more than 3"},
	},
	"as many as the limit": {
		"plan": samples.plan(several),
		"approvals": approvals,
		"limits": {"max_deletes": 4},
		"deny": set(),
	},
	"a limit that would never bite": {
		"plan": samples.plan([]),
		"limits": {"max_deletes": "none"},
		"deny": {"the limit `max_deletes` is not a number"},
	},
	"a list that is none": {
		"plan": samples.plan([]),
		"limits": {"data_kinds": "bucket"},
		"deny": {"the limit `data_kinds` is not a list of words"},
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
