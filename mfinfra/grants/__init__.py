"""What AWS has to allow for a plan, an apply or a destroy: policies, told from what the drivers say that they send."""
