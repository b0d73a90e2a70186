"""The only place that speaks to AWS: everything else is values."""
