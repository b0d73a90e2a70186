"""mfinfra: plan and apply for the AWS infrastructure that Metaflow needs."""

__version__ = "0.1.0"
