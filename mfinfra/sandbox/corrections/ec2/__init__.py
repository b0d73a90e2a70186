"""EC2, as far as a Metaflow deployment touches it: VPC endpoints, security groups, launch templates, tags, pages."""

from mfinfra.sandbox.corrections.ec2 import endpoint_changes, endpoints, groups, late, launch_templates, pages, tags

__all__ = ["endpoint_changes", "endpoints", "groups", "late", "launch_templates", "pages", "tags"]
