package mfinfra.repository_test

import rego.v1

import data.main
import data.mfinfra.samples

repository(after) := samples.plan([samples.created("repository.images", after)])

movable := "repository.images: its tags can be moved (`immutable_tags`)"

cases := {
	"a repository in order": {"plan": repository({"immutable_tags": true}), "deny": set()},
	"tags that can be moved": {"plan": repository({"immutable_tags": false}), "deny": {movable}},
	"some tags that can be moved": {"plan": repository({"immutable_tags": {"except": ["latest"]}}), "deny": {movable}},
	"nothing said of tags": {"plan": repository({}), "deny": {movable}},
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
