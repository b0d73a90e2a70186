# What is yours to decide. Change it here, or pass `{"limits": {"max_deletes": 10}}` with `--data`.
package mfinfra.limits

import rego.v1

default max_deletes := 3

max_deletes := data.limits.max_deletes

# vCPUs of all compute environments together: the most that a runaway flow can cost.
default max_vcpus := 1024

max_vcpus := data.limits.max_vcpus

default required_tags := ["team"]

required_tags := data.limits.required_tags

# Kinds that hold data: what `"holdsData": true` marks in schemas/.
default data_kinds := ["bucket", "table", "log_group", "repository", "secret", "key"]

data_kinds := data.limits.data_kinds

# Managed policies that no role of an environment needs, by name.
default forbidden_policies := ["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"]

forbidden_policies := data.limits.forbidden_policies

# Actions that may stand beside `"Resource": "*"`, because AWS lets nothing else stand there.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
default actions_on_anything := [
	"batch:DescribeComputeEnvironments",
	"batch:DescribeJobDefinitions",
	"batch:DescribeJobQueues",
	"batch:DescribeJobs",
	"batch:ListJobs",
	"ecr:GetAuthorizationToken",
	"logs:CreateLogDelivery",
	"logs:DeleteLogDelivery",
	"logs:DescribeLogGroups",
	"logs:DescribeResourcePolicies",
	"logs:GetLogDelivery",
	"logs:ListLogDeliveries",
	"logs:PutResourcePolicy",
	"logs:UpdateLogDelivery",
	"states:ListStateMachines",
]

actions_on_anything := data.limits.actions_on_anything

# A limit of the wrong type never bites: in Rego every number is less than every string.
wrong contains sprintf("the limit `%s` is not a number", [name]) if {
	some name, value in {"max_deletes": max_deletes, "max_vcpus": max_vcpus}
	not is_number(value)
}

wrong contains sprintf("the limit `%s` is not a list of words", [name]) if {
	some name, value in {
		"required_tags": required_tags,
		"data_kinds": data_kinds,
		"forbidden_policies": forbidden_policies,
		"actions_on_anything": actions_on_anything,
	}
	not words(value)
}

words(value) if {
	is_array(value)
	every word in value { is_string(word) }
}
