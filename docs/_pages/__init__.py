"""The pages of the site that are made from what mfinfra itself says: schemas, explanations, commands."""
