"""Every operation that the driver of roles may send."""

from __future__ import annotations

from mfinfra.model import Sends

PROFILE = ("arn:${partition}:iam::${account}:instance-profile/${self.name}",)
SENDS = Sends(
    reads=(
        "iam:GetAccountAuthorizationDetails",
        "iam:ListRoles",
        "iam:GetRole",
        "iam:ListInstanceProfiles",
        "iam:GetInstanceProfile",
    ),
    makes=(
        "iam:CreateRole",
        "iam:AttachRolePolicy",
        "iam:PutRolePolicy",
        "iam:CreateInstanceProfile",
        "iam:AddRoleToInstanceProfile",
    ),
    changes=(
        "iam:AttachRolePolicy",
        "iam:DetachRolePolicy",
        "iam:PutRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:DeleteRolePermissionsBoundary",
        "iam:TagRole",
        "iam:TagInstanceProfile",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
    ),
    deletes=(
        "iam:DetachRolePolicy",
        "iam:DeleteRolePolicy",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:DeleteInstanceProfile",
        "iam:DeleteRole",
    ),
    forgets=("iam:UntagInstanceProfile", "iam:UntagRole"),
    elsewhere={
        "iam:GetInstanceProfile": PROFILE,
        "iam:CreateInstanceProfile": PROFILE,
        "iam:AddRoleToInstanceProfile": PROFILE,
        "iam:RemoveRoleFromInstanceProfile": PROFILE,
        "iam:DeleteInstanceProfile": PROFILE,
        "iam:TagInstanceProfile": PROFILE,
        "iam:UntagInstanceProfile": PROFILE,
    },
    only={
        "iam:AttachRolePolicy": "managed_policies",
        "iam:PutRolePolicy": "policies",
        "iam:PutRolePermissionsBoundary": "permissions_boundary",
        "iam:CreateInstanceProfile": "instance_profile",
        "iam:AddRoleToInstanceProfile": "instance_profile",
        "iam:TagInstanceProfile": "instance_profile",
        "iam:PassRole": "instance_profile",
    },
)
