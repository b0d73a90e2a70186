"""The first file: a few answers, with defaults read from the account, become a commented environment."""
