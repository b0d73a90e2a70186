# Compute environments: the most that they can cost together.
package main

import rego.v1

import data.mfinfra.limits
import data.mfinfra.plan

deny contains msg if some msg in plan.unreadable

deny contains msg if some msg in limits.wrong

deny contains msg if {
	some change in plan.standing("compute_environment")
	not is_number(plan.setting(change, "max_vcpus"))
	msg := sprintf("%s: its `max_vcpus` is not in the plan", [change.address])
}

deny contains msg if {
	sizes := [size |
		some change in plan.standing("compute_environment")
		size := plan.setting(change, "max_vcpus")
		is_number(size)
	]
	together := sum(sizes)
	together > limits.max_vcpus
	msg := sprintf("the compute environments may reach %d vCPUs, more than the %d of the budget", [together, limits.max_vcpus])
}
