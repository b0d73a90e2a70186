"""What people and programs see: made from the plan document, events and problems, and from nothing else."""
