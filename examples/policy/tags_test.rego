package mfinfra.tags_test

import rego.v1

import data.main
import data.mfinfra.samples

tagged(tags) := samples.plan([samples.change("endpoint.s3", ["create"], null, {"tags": tags})])

missing := "endpoint.s3: it has no tag `team`"

cases := {
	"a tag": {"plan": tagged({"team": "ml"}), "deny": set()},
	"no tag": {"plan": tagged({"owner": "ml"}), "deny": {missing}},
	"a tag without a value": {"plan": tagged({"team": ""}), "deny": {missing}},
	"a tag that is null": {"plan": tagged({"team": null}), "deny": {missing}},
	"no tags at all": {"plan": samples.plan([samples.change("endpoint.s3", ["create"], null, {})]), "deny": {missing}},
	"what goes needs no tag": {
		"plan": samples.plan([samples.change("endpoint.s3", ["delete"], {"tags": {}}, null)]),
		"approvals": {"destroy": ["endpoint.s3"]},
		"deny": set(),
	},
	"several tags": {
		"plan": tagged({"team": "ml"}),
		"limits": {"required_tags": ["team", "cost-centre"]},
		"deny": {"endpoint.s3: it has no tag `cost-centre`"},
	},
	"a list that is none": {
		"plan": tagged({}),
		"limits": {"required_tags": "team"},
		"deny": {"the limit `required_tags` is not a list of words"},
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
