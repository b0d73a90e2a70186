package mfinfra.bucket_test

import rego.v1

import data.main
import data.mfinfra.samples

public := "bucket.data: `block_public_access` is not on in all of its four settings"

cases := {
	"a bucket in order": {"plan": samples.plan([samples.bucket({})]), "deny": set()},
	"open to the public": {"plan": samples.plan([samples.bucket({"block_public_access": false})]), "deny": {public}},
	"one of four settings off": {
		"plan": samples.plan([samples.bucket({"block_public_access": {"block_public_policy": false}})]),
		"deny": {public},
	},
	"all of four settings on": {
		"plan": samples.plan([samples.kept("bucket.data", {}, {
			"block_public_access": {
				"block_public_acls": true,
				"ignore_public_acls": true,
				"block_public_policy": true,
				"restrict_public_buckets": true,
			},
			"encryption": {"algorithm": "aws:kms"},
			"tls_only": true,
		})]),
		"deny": set(),
	},
	"an algorithm that is none": {
		"plan": samples.plan([samples.bucket({"encryption": {"algorithm": "rot13"}})]),
		"deny": {"bucket.data: it has no `encryption`"},
	},
	"clear text": {
		"plan": samples.plan([samples.bucket({"tls_only": false})]),
		"deny": {"bucket.data: requests in clear text are not refused (`tls_only`)"},
	},
	"settings that nobody says": {
		"plan": samples.plan([samples.created("bucket.data", {})]),
		"deny": {
			public,
			"bucket.data: it has no `encryption`",
			"bucket.data: requests in clear text are not refused (`tls_only`)",
		},
	},
	"settings that the file leaves alone are read as AWS has them": {
		"plan": samples.plan([samples.kept(
			"bucket.data",
			{"block_public_access": false, "encryption": {"algorithm": "AES256"}, "tls_only": true},
			{},
		)]),
		"deny": {public},
	},
	"a setting that is known after apply": {
		"plan": samples.plan([samples.with_unknown(
			samples.kept(
				"bucket.data",
				{"encryption": {"algorithm": "AES256"}},
				{"block_public_access": true, "tls_only": true},
			),
			{"encryption": true},
		)]),
		"deny": {"bucket.data: it has no `encryption`"},
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
