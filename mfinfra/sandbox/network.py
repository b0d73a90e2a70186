"""The network that every region of the sandbox is born with, under fixed ids, so that a file can name them.

vpc-00000000000000001                    10.20.0.0/16, DNS support and hostnames on
├── rtb-00000000000000001  (private, main, to nat-00000000000000001)
│   ├── subnet-0000000000000000a         10.20.0.0/20,  first zone of the region
│   └── subnet-0000000000000000b         10.20.16.0/20, second zone
├── rtb-00000000000000002  (public, to igw-00000000000000001)
│   └── subnet-0000000000000000c         10.20.32.0/20, first zone; the NAT gateway is in it
└── sg-00000000000000001                 the VPC's default security group
"""

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
"""The region that is meant when nothing names one."""

ACCESS_KEY_ID = "testing"
SECRET_ACCESS_KEY = "testing"  # noqa: S105  the sandbox checks no signature: a fixed, fake value keeps real ones away

VPC_ID = "vpc-00000000000000001"
VPC_CIDR = "10.20.0.0/16"
PRIVATE_SUBNET_A = "subnet-0000000000000000a"
PRIVATE_SUBNET_B = "subnet-0000000000000000b"
PUBLIC_SUBNET = "subnet-0000000000000000c"
PRIVATE_SUBNETS = (PRIVATE_SUBNET_A, PRIVATE_SUBNET_B)
PRIVATE_ROUTE_TABLE = "rtb-00000000000000001"
PUBLIC_ROUTE_TABLE = "rtb-00000000000000002"
NAT_GATEWAY = "nat-00000000000000001"
INTERNET_GATEWAY = "igw-00000000000000001"
DEFAULT_SECURITY_GROUP = "sg-00000000000000001"
