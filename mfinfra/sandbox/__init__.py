"""The embedded local AWS: start it, find it, stop it; and what it takes to make moto answer as AWS does."""
