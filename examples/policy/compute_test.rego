package mfinfra.compute_test

import rego.v1

import data.main
import data.mfinfra.samples

environments(sizes) := samples.plan([made |
	some name
	size := sizes[name]
	made := samples.created(sprintf("compute_environment.%s", [name]), {"max_vcpus": size})
])

cases := {
	"within the budget": {"plan": environments({"cpu": 512, "gpu": 512}), "deny": set()},
	"over the budget together": {
		"plan": environments({"cpu": 512, "gpu": 513}),
		"deny": {"the compute environments may reach 1025 vCPUs, more than the 1024 of the budget"},
	},
	"two of a size count twice": {
		"plan": environments({"cpu": 64, "gpu": 64}),
		"limits": {"max_vcpus": 100},
		"deny": {"the compute environments may reach 128 vCPUs, more than the 100 of the budget"},
	},
	"a size that is none": {
		"plan": environments({"cpu": "many"}),
		"deny": {"compute_environment.cpu: its `max_vcpus` is not in the plan"},
	},
	"nothing said of the size": {
		"plan": samples.plan([samples.created("compute_environment.cpu", {})]),
		"deny": {"compute_environment.cpu: its `max_vcpus` is not in the plan"},
	},
	"a budget that would never bite": {
		"plan": environments({}),
		"limits": {"max_vcpus": "1024"},
		"deny": {"the limit `max_vcpus` is not a number"},
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
