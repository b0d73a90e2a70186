"""Pure: from what is wished and what is there to a plan. No boto3, no clock, no network."""
