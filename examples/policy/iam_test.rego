package mfinfra.iam_test

import rego.v1

import data.main
import data.mfinfra.samples

policy(statement) := samples.plan([samples.role(samples.policies(statement))])

trusting(principal) := samples.plan([samples.role({"trust": samples.trust(principal)})])

every_action := "role.job: a policy allows every action"

every_resource := "role.job: a policy allows an action on every resource that could name its own"

anybody := "role.job: anybody may take it on"

cases := {
	"a role in order": {
		"plan": policy({"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::data/*"}),
		"deny": set(),
	},
	"every action": {
		"plan": policy({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::data"}),
		"deny": {every_action},
	},
	"every action in other words, among others": {
		"plan": policy({"Effect": "Allow", "Action": ["s3:GetObject", "*:*"], "Resource": "arn:aws:s3:::data"}),
		"deny": {every_action},
	},
	"every action on everything": {
		"plan": policy({"Effect": "Allow", "Action": "*", "Resource": "*"}),
		"deny": {every_action, every_resource},
	},
	"every resource": {
		"plan": policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}),
		"deny": {every_resource},
	},
	"every resource, the list and the stars doubled": {
		"plan": policy({"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken", "s3:*"], "Resource": ["**"]}),
		"deny": {every_resource},
	},
	"an action that takes nothing but every resource": {
		"plan": policy({"Effect": "Allow", "Action": "ecr:getauthorizationtoken", "Resource": "*"}),
		"deny": set(),
	},
	"a policy of one statement without a list": {
		"plan": samples.plan([samples.role({"policies": {"mine": {"Statement": {
			"Effect": "Allow",
			"Action": "*",
			"Resource": "arn:aws:s3:::data",
		}}}})]),
		"deny": {every_action},
	},
	"all but a few actions": {
		"plan": policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::data"}),
		"deny": {"role.job: a policy allows all but a few (`NotAction`)"},
	},
	"all but a few resources": {
		"plan": policy({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::data"}),
		"deny": {"role.job: a policy allows all but a few (`NotResource`)"},
	},
	"what is denied may be everything": {
		"plan": policy({"Effect": "Deny", "Action": "*", "Resource": "*"}),
		"deny": set(),
	},
	"an unchanged role": {
		"plan": samples.plan([samples.kept("role.job", {}, {
			"trust": samples.trust("*"),
			"policies": {},
			"managed_policies": [],
		})]),
		"deny": {anybody},
	},
	"a role that goes": {
		"plan": samples.plan([samples.change("role.job", ["delete"], {"trust": samples.trust("*")}, null)]),
		"approvals": {"destroy": ["role.job"]},
		"deny": set(),
	},
	"an administrator": {
		"plan": samples.plan([samples.role({"managed_policies": [
			"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
			"arn:aws:iam::aws:policy/AdministratorAccess",
		]})]),
		"deny": {"role.job: AdministratorAccess is attached"},
	},
	"an administrator by name": {
		"plan": samples.plan([samples.role({"managed_policies": ["PowerUserAccess"]})]),
		"deny": {"role.job: PowerUserAccess is attached"},
	},
	"a policy whose name ends like an administrator's": {
		"plan": samples.plan([samples.role({"managed_policies": ["arn:aws:iam::123456789012:policy/NoAdministratorAccess"]})]),
		"deny": set(),
	},
	"open to everybody": {"plan": trusting("*"), "deny": {anybody}},
	"open to every account": {"plan": trusting({"AWS": "*"}), "deny": {anybody}},
	"open to every account among others": {
		"plan": trusting({"AWS": ["arn:aws:iam::123456789012:root", "*"]}),
		"deny": {anybody},
	},
	"open to all but one": {
		"plan": samples.plan([samples.role({"trust": {"Statement": [{
			"Effect": "Allow",
			"NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"},
			"Action": "sts:AssumeRole",
		}]}})]),
		"deny": {anybody},
	},
	"open to one account": {"plan": trusting({"AWS": "arn:aws:iam::123456789012:root"}), "deny": set()},
	"a role without its keys": {
		"plan": samples.plan([samples.created("role.job", {"managed_policies": []})]),
		"deny": {
			"role.job: its `trust` is not in the plan, or known after apply only",
			"role.job: its `policies` is not in the plan, or known after apply only",
		},
	},
	"policies that the file leaves alone are read as AWS has them": {
		"plan": samples.plan([samples.kept(
			"role.job",
			samples.policies({"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::data"}),
			{"trust": samples.trust({"Service": "ec2.amazonaws.com"}), "managed_policies": []},
		)]),
		"deny": {every_action},
	},
	"a resource that is known after apply": {
		"plan": samples.plan([samples.with_unknown(
			samples.role(samples.policies({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": []})),
			{"policies": {"mine": {"Statement": [{"Resource": [true]}]}}},
		)]),
		"deny": set(),
	},
	"an action that is known after apply": {
		"plan": samples.plan([samples.with_unknown(
			samples.role(samples.policies({"Effect": "Allow", "Resource": "*"})),
			{"policies": {"mine": {"Statement": [{"Action": true}]}}},
		)]),
		"deny": {"role.job: a part of its `policies` is known after apply only"},
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
