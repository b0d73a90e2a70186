package mfinfra.document_test

import rego.v1

import data.main
import data.mfinfra.samples

one := samples.deleted("endpoint.s3")

fine := samples.plan([samples.bucket({})])

cases := {
	"a plan in order": {"plan": fine, "deny": set()},
	"a plan of nothing": {"plan": samples.plan([]), "deny": set()},
	"a later minor version": {"plan": object.union(fine, {"format_version": "1.12"}), "deny": set()},
	"another major version": {
		"plan": object.union(fine, {"format_version": "2.0"}),
		"deny": {"this is no mfinfra plan of format_version 1.x"},
	},
	"another tool's plan": {
		"plan": {"format_version": "1.2", "terraform_version": "1.9.0", "complete": true, "resource_changes": [{
			"address": "aws_s3_bucket.data",
			"change": {"actions": ["create"], "before": null, "after": {}},
		}]},
		"deny": {
			"resource_changes[0] is not what format_version 1.x says: no rule can judge it",
			"resource_changes[0] has no `blocked`: this policy cannot judge it",
			"resource_changes[0] has no `drift`: this policy cannot judge it",
			"aws_s3_bucket.data is blocked by a guard of mfinfra",
			"aws_s3_bucket.data: it has no tag `team`",
			"aws_s3_bucket.data was changed in AWS since the last apply, not in the file",
			"the plan has no `checks`: this policy cannot judge it",
			"the plan has no `environment.account`: this policy cannot judge it",
			"the plan has no `metaflow_changes`: this policy cannot judge it",
		},
	},
	"no plan at all": {
		"plan": {"errors": ["AccessDenied"]},
		"deny": {
			"this is no mfinfra plan of format_version 1.x",
			"the plan has no list `resource_changes`",
			"the plan has no `complete`: this policy cannot judge it",
			"the plan is incomplete: it was narrowed, or something could not be read",
			"the plan has no `checks`: this policy cannot judge it",
			"the plan has no `environment.account`: this policy cannot judge it",
			"the plan has no `metaflow_changes`: this policy cannot judge it",
		},
	},
	"a word that the rules do not know": {
		"plan": samples.plan([samples.change("bucket.data", ["obliterate"], {}, null)]),
		"deny": {"resource_changes[0] is not what format_version 1.x says: no rule can judge it"},
	},
	"a change without an action": {
		"plan": samples.plan([samples.change("bucket.data", [], {}, null)]),
		"deny": {"resource_changes[0] is not what format_version 1.x says: no rule can judge it"},
	},
	"a kind that is not the address's": {
		"plan": samples.plan([object.union(one, {"kind": "note"})]),
		"approvals": {"destroy": ["endpoint.s3"]},
		"deny": {"resource_changes[0] is not what format_version 1.x says: no rule can judge it"},
	},
	"an address that is none": {
		"plan": samples.plan([object.union(one, {"address": "endpoint.s3 ::error::x"})]),
		"approvals": {"destroy": ["endpoint.s3 ::error::x"]},
		"deny": {"resource_changes[0] is not what format_version 1.x says: no rule can judge it"},
	},
	"an incomplete plan": {
		"plan": object.union(fine, {"complete": false}),
		"deny": {"the plan is incomplete: it was narrowed, or something could not be read"},
	},
	"completeness in words": {
		"plan": object.union(fine, {"complete": "no"}),
		"deny": {"the plan is incomplete: it was narrowed, or something could not be read"},
	},
	"a blocked step": {
		"plan": samples.plan([object.union(samples.bucket({}), {"blocked": {"code": "MF4101", "message": "m"}})]),
		"deny": {"bucket.data is blocked by a guard of mfinfra"},
	},
	"a guard over the whole plan": {
		"plan": object.union(fine, {"checks": [{"code": "MF4108", "status": "fail", "address": null}]}),
		"deny": {"checks[0] did not pass"},
	},
	"a check that says nothing of how it went": {
		"plan": object.union(fine, {"checks": [{"code": "MF4108"}]}),
		"deny": {"checks[0] did not pass"},
	},
	"a warning": {
		"plan": object.union(fine, {"checks": [{"code": "MF2103", "status": "warn", "address": null}]}),
		"deny": set(),
	},
	"a change behind our back": {
		"plan": samples.plan([object.union(samples.bucket({}), {"drift": "live"})]),
		"deny": {"bucket.data was changed in AWS since the last apply, not in the file"},
	},
	"a change on both sides": {
		"plan": samples.plan([object.union(samples.bucket({}), {"drift": "both"})]),
		"deny": {"bucket.data was changed in AWS since the last apply, not in the file"},
	},
	"a change in the file": {
		"plan": samples.plan([object.union(samples.bucket({}), {"drift": "file"})]),
		"deny": set(),
	},
	"a change behind our back that is to be taken back": {
		"plan": samples.plan([object.union(samples.bucket({}), {"drift": "live"})]),
		"approvals": {"drift": ["bucket.data"]},
		"deny": set(),
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
