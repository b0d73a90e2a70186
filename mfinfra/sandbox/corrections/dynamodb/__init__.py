"""DynamoDB: the states of tables, what can change at once, time to live, backups, tags."""

from mfinfra.sandbox.corrections.dynamodb import backups, changes, tables, tags, ttl

__all__ = ["backups", "changes", "tables", "tags", "ttl"]
