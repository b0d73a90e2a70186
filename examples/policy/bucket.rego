# Buckets: closed to the public, encrypted, TLS only. What the file leaves alone counts as AWS has it.
package main

import rego.v1

import data.mfinfra.plan

deny contains msg if some msg in plan.unreadable

deny contains msg if {
	some change in plan.standing("bucket")
	not closed(plan.setting(change, "block_public_access"))
	msg := sprintf("%s: `block_public_access` is not on in all of its four settings", [change.address])
}

deny contains msg if {
	some change in plan.standing("bucket")
	not plan.setting(change, "encryption").algorithm in {"AES256", "aws:kms", "aws:kms:dsse"}
	msg := sprintf("%s: it has no `encryption`", [change.address])
}

deny contains msg if {
	some change in plan.standing("bucket")
	not plan.setting(change, "tls_only") == true
	msg := sprintf("%s: requests in clear text are not refused (`tls_only`)", [change.address])
}

closed(value) if value == true

# As a mapping: what it does not say is on.
closed(value) if {
	is_object(value)
	every key in ["block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets"] {
		object.get(value, key, true) == true
	}
}
