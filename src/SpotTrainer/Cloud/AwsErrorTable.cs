using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>
/// AWS's error codes: what each means to someone who wants to train a model, what to do about it, and what it says about the call (EC2
/// API Reference, "Error codes for the Amazon EC2 API").
/// </summary>
internal static class AwsErrorTable
{
    private const string Again = "Wait a minute and try again.";
    private const string OtherOffer = "Pipe several offers to New-SpotTrainingInstance, or try another zone or type.";
    private const string Fix = "Correct what the message names and try again.";
    private const string Profile = "Run 'aws configure', or use -ProfileName with a profile that works.";
    private const string SignIn = "Sign in again ('aws sso login', or new keys), and check this computer's clock.";
    private const string Support = "Check the account's health and your mail from AWS, or ask AWS support.";
    private const string CleanUp =
        "Check what is left with Clear-SpotTrainingResource -WhatIf, or request an increase under Service Quotas.";

    private const string Offers = "Find available offers with Find-SpotOffer.";
    private const string Image = "Choose another -Image or -ImageId.";
    private const string Permission = "Ask for the permission, or use another profile.";
    private const string Group = "Leave out -SecurityGroup, or create a group with New-TrainingSecurityGroup.";

    private const CodeTraits Refused = CodeTraits.Refused;
    private const CodeTraits Elsewhere = CodeTraits.Refused | CodeTraits.OtherOffer;
    private const CodeTraits Busy = CodeTraits.Refused | CodeTraits.Again;
    private const CodeTraits Failed = CodeTraits.Unclear | CodeTraits.Again;

    private static readonly Dictionary<string, AwsCode> Entries = new(StringComparer.Ordinal)
    {
        ["AuthFailure"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "AWS did not accept the credentials.",
            Profile),
        ["InvalidClientTokenId"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "AWS does not know the access key.",
            Profile),
        ["UnrecognizedClientException"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "AWS does not know the access key.",
            Profile),
        ["SignatureDoesNotMatch"] = new(
            "CredentialsRejected", ErrorKind.AuthenticationError, "The secret key does not belong to the access key.",
            Profile),
        ["InvalidSignatureException"] = new(
            "CredentialsRejected", ErrorKind.AuthenticationError, "The secret key does not belong to the access key.",
            Profile),
        ["RequestTimeTooSkewed"] = new(
            "ClockWrong", ErrorKind.AuthenticationError, "This computer's clock is wrong, so AWS does not accept its signatures: {0}",
            AwsClock.NextStep),
        ["MissingAuthenticationToken"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "The call was not signed.",
            Profile),
        ["IncompleteSignature"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "The signature of the call was incomplete.",
            Profile),
        ["ExpiredToken"] = new("CredentialsExpired", ErrorKind.AuthenticationError, "The credentials have expired.",
            SignIn),
        ["ExpiredTokenException"] = new("CredentialsExpired", ErrorKind.AuthenticationError, "The credentials have expired.",
            SignIn),
        ["RequestExpired"] = new(
            "CredentialsExpired", ErrorKind.AuthenticationError, "The credentials have expired, or this computer's clock is wrong.",
            SignIn),

        ["UnauthorizedOperation"] = new("NotAllowed", ErrorKind.PermissionDenied, "The account's policies do not allow this: {0}",
            Permission),
        ["AccessDenied"] = new("NotAllowed", ErrorKind.PermissionDenied, "The account's policies do not allow this: {0}",
            Permission),
        ["AccessDeniedException"] = new("NotAllowed", ErrorKind.PermissionDenied, "The account's policies do not allow this: {0}",
            Permission),
        ["OperationNotPermitted"] = new("NotAllowed", ErrorKind.PermissionDenied, "EC2 does not permit this: {0}", Fix),
        ["AuthFailure.ServiceLinkedRoleCreationNotPermitted"] = new(
            "SpotRoleMissing", ErrorKind.PermissionDenied,
            "The account has no role for EC2 Spot yet, and these credentials are not allowed to create it.",
            "Ask an administrator to run: aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"),
        ["OptInRequired"] = new("NotSubscribed", ErrorKind.PermissionDenied, "The account is not enabled for this region or image: {0}",
            "Enable the region (or accept the image's terms) in the console, or choose another.", Elsewhere),
        ["PendingVerification"] = new("AccountPending", ErrorKind.PermissionDenied, "AWS is still verifying the account for this region.",
            "Verification takes up to four hours: try again later, or use another region.", Elsewhere),
        ["Blocked"] = new("AccountBlocked", ErrorKind.PermissionDenied, "AWS has blocked the account.",
            Support),

        ["InsufficientInstanceCapacity"] = new(
            "NoCapacity", ErrorKind.ResourceUnavailable, "There is no capacity for this type in this zone at the moment.",
            OtherOffer, Elsewhere),
        ["InsufficientHostCapacity"] = new(
            "NoCapacity", ErrorKind.ResourceUnavailable, "There is no capacity for this type in this zone at the moment.",
            OtherOffer, Elsewhere),
        ["InsufficientCapacity"] = new(
            "NoCapacity", ErrorKind.ResourceUnavailable, "There is no capacity for this type in this zone at the moment.",
            OtherOffer, Elsewhere),
        ["InsufficientReservedInstanceCapacity"] = new(
            "NoCapacity", ErrorKind.ResourceUnavailable, "There is no capacity for this type in this zone at the moment.",
            OtherOffer, Elsewhere),
        ["InsufficientVolumeCapacity"] = new(
            "NoCapacity", ErrorKind.ResourceUnavailable, "There is no disk capacity in this zone at the moment.",
            OtherOffer, Elsewhere),
        ["InsufficientAddressCapacity"] = new(
            "NoCapacity", ErrorKind.ResourceUnavailable, "There are no public addresses in this zone at the moment.",
            OtherOffer, Elsewhere),
        ["InsufficientFreeAddressesInSubnet"] = new("SubnetFull", ErrorKind.ResourceUnavailable, "The subnet has no free address.",
            "Choose another -Subnet or another zone.", Elsewhere),

        ["MaxSpotInstanceCountExceeded"] = new(
            "QuotaExceeded", ErrorKind.LimitsExceeded, "The account's quota of Spot vCPUs does not allow another such instance.",
            "Choose a smaller type, or request an increase under Service Quotas, 'All Standard Spot Instance Requests' "
            + "(L-34B43A08; GPUs: L-3819A6DF, L-7212CCBC, L-C4BD4855).",
            Elsewhere),
        ["VcpuLimitExceeded"] = new(
            "QuotaExceeded", ErrorKind.LimitsExceeded, "The account's quota of on-demand vCPUs does not allow another such instance.",
            "Choose a smaller type, or request an increase under Service Quotas, 'Running On-Demand Standard instances' (L-1216C47A).",
            Elsewhere),
        ["InstanceLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account cannot run another instance of this type.",
            "Remove an instance, choose another type, or request an increase under Service Quotas.", Elsewhere),
        ["VolumeLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account's quota of disk storage is used up.",
            CleanUp, Elsewhere),
        ["MaxIOPSLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account's quota of disk speed is used up.",
            CleanUp),
        ["SecurityGroupLimitExceeded"] = new(
            "QuotaExceeded", ErrorKind.LimitsExceeded, "The account cannot have another security group in this network.",
            "Delete a group, or use an existing one with -SecurityGroup.", Elsewhere),
        ["MaxConfigLimitExceeded"] = new(
            "QuotaExceeded", ErrorKind.LimitsExceeded, "EC2 scores at most about ten different sets of types within 24 hours.",
            "Search for the same types as before, or try again tomorrow."),
        ["FilterLimitExceeded"] = new(
            "QuotaExceeded", ErrorKind.LimitsExceeded, "EC2 takes at most 200 names or IDs in one call.", "Use fewer."),
        ["RulesPerSecurityGroupLimitExceeded"] = new(
            "QuotaExceeded", ErrorKind.LimitsExceeded, "The security group cannot have another rule.",
            "Delete rules from the group, or create another group with New-TrainingSecurityGroup."),
        ["SecurityGroupsPerInterfaceLimitExceeded"] = new(
            "QuotaExceeded", ErrorKind.LimitsExceeded, "The instance cannot have another security group.",
            "Remove a security group from the instance, or use a tunnel (New-PuttySession -JupyterTunnel) instead of -OpenPort."),
        ["NetworkInterfaceLimitExceeded"] = new(
            "QuotaExceeded", ErrorKind.LimitsExceeded, "The account cannot have another network interface in this region.",
            CleanUp, Elsewhere),
        ["PrivateIpAddressLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The instance cannot have another address.",
            CleanUp),
        ["AddressLimitExceeded"] = new(
            "QuotaExceeded", ErrorKind.LimitsExceeded, "The account cannot have another public address in this region.",
            CleanUp, Elsewhere),
        ["ResourceCountExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "A quota of the account does not allow this: {0}",
            CleanUp),
        ["VpcLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account cannot have another network in this region.",
            "Use -Subnet with a subnet of an existing network."),
        ["TagLimitExceeded"] = new("TooManyTags", ErrorKind.LimitsExceeded, "There are more tags than the 50 that a resource can have.",
            "Use fewer tags with -Tag."),
        ["RequestLimitExceeded"] = new("Throttled", ErrorKind.ResourceUnavailable, "AWS is limiting the rate of calls.",
            Again, Busy),
        ["Throttling"] = new("Throttled", ErrorKind.ResourceUnavailable, "AWS is limiting the rate of calls.", Again, Busy),
        ["ThrottlingException"] = new("Throttled", ErrorKind.ResourceUnavailable, "AWS is limiting the rate of calls.",
            Again, Busy),
        ["TooManyRequestsException"] = new("Throttled", ErrorKind.ResourceUnavailable, "AWS is limiting the rate of calls.",
            Again, Busy),

        ["SpotMaxPriceTooLow"] = new("MaxPriceTooLow", ErrorKind.LimitsExceeded, "The maximum price is below the current Spot price.",
            "Raise -MaxPrice, or find a cheaper offer with Find-SpotOffer.", Elsewhere),
        ["InvalidInstanceType"] = new("UnknownInstanceType", ErrorKind.ObjectNotFound, "{0}", Offers),
        ["Unsupported"] = new("OfferUnsupported", ErrorKind.ResourceUnavailable, "This type cannot be launched like this in this zone: {0}",
            OtherOffer, Elsewhere),
        ["UnsupportedOperation"] = new("OfferUnsupported", ErrorKind.ResourceUnavailable, "This type cannot be launched like this: {0}",
            OtherOffer, Elsewhere),
        ["InvalidAvailabilityZone"] = new("ZoneUnknown", ErrorKind.ObjectNotFound, "The account has no such zone: {0}", Offers, Elsewhere),
        ["InvalidZone.NotFound"] = new("ZoneUnknown", ErrorKind.ObjectNotFound, "The account has no such zone: {0}", Offers, Elsewhere),
        ["VolumeTypeNotAvailableInZone"] = new("OfferUnsupported", ErrorKind.ResourceUnavailable, "The zone has no gp3 disks.",
            OtherOffer, Elsewhere),

        ["InvalidAMIID.NotFound"] = new("ImageNotFound", ErrorKind.ObjectNotFound, "There is no such image in this region.", Image),
        ["InvalidAMIID.Malformed"] = new("ImageNotFound", ErrorKind.InvalidArgument, "That is not a valid image ID.", Image),
        ["InvalidAMIID.Unavailable"] = new("ImageNotFound", ErrorKind.ObjectNotFound, "The image is no longer available.", Image),
        ["ParameterNotFound"] = new("ParameterNotFound", ErrorKind.ObjectNotFound, "AWS Systems Manager has no such public parameter.",
            "Check whether the region has it."),
        ["InvalidSnapshot.NotFound"] = new("ImageNotFound", ErrorKind.ObjectNotFound, "The image's snapshot no longer exists.", Image),
        ["InvalidBlockDeviceMapping"] = new("DiskRefused", ErrorKind.InvalidArgument, "EC2 refused the disk: {0}",
            "Choose another -VolumeSizeGiB or -Image."),
        ["EncryptedVolumesNotSupported"] = new("DiskRefused", ErrorKind.InvalidArgument, "This type does not support encrypted disks.",
            Offers),
        ["Client.InvalidKMSKey.InvalidState"] = new(
            "DiskKeyUnusable", ErrorKind.InvalidOperation, "The key with which the account encrypts disks cannot be used.",
            "Enable the key under KMS, or reset the account's default key for EBS."),
        ["Client.InternalError"] = new(
            "DiskKeyUnusable", ErrorKind.PermissionDenied,
            "EC2 could not start the instance. Most often, it is not allowed to use the key with which the account encrypts disks.",
            "Check the key's policy under KMS, or reset the account's default key for EBS."),
        ["KMSKeyNotAccessibleFault"] = new(
            "DiskKeyUnusable", ErrorKind.PermissionDenied, "The key with which the account encrypts disks cannot be used.",
            "Enable the key under KMS, or reset the account's default key for EBS."),
        ["InvalidUserData.Malformed"] = new("UserDataRefused", ErrorKind.InvalidData, "EC2 refused the user data: {0}",
            "Report the error with the command that you ran."),

        ["InvalidKeyPair.NotFound"] = new("KeyPairNotFound", ErrorKind.ObjectNotFound, "EC2 has no such key pair in this region.",
            "List your key pairs with Get-TrainingKeyPair.", Refused | CodeTraits.NotYetKnown),
        ["InvalidKeyPair.Duplicate"] = new("KeyPairExists", ErrorKind.ResourceExists, "EC2 already has a key pair with that name.",
            "Choose another name."),
        ["InvalidKey.Format"] = new("KeyRefused", ErrorKind.InvalidData, "EC2 cannot use this key.",
            "Create another key pair with New-TrainingKeyPair."),
        ["KeyPairLimitExceeded"] = new(
            "QuotaExceeded", ErrorKind.LimitsExceeded, "The account cannot have another key pair in this region.",
            "Remove a key pair with Remove-TrainingKeyPair.", Elsewhere),
        ["InvalidGroup.NotFound"] = new("SecurityGroupNotFound", ErrorKind.ObjectNotFound, "There is no such security group.",
            Group, Refused | CodeTraits.NotYetKnown),
        ["InvalidGroupId.Malformed"] = new("SecurityGroupNotFound", ErrorKind.InvalidArgument, "That is not a valid security group ID.",
            Group),
        ["InvalidSecurityGroupID.NotFound"] = new("SecurityGroupNotFound", ErrorKind.ObjectNotFound, "There is no such security group.",
            Group, Refused | CodeTraits.NotYetKnown),
        ["InvalidGroup.InUse"] = new("SecurityGroupInUse", ErrorKind.ResourceBusy, "Something still uses the security group.",
            "Remove its instances first.", Refused | CodeTraits.InUse),
        ["DependencyViolation"] = new("ResourceInUse", ErrorKind.ResourceBusy, "Something still uses the resource: {0}",
            "Remove what uses it first.", Refused | CodeTraits.InUse),
        ["VolumeInUse"] = new("ResourceInUse", ErrorKind.ResourceBusy, "The disk is still in use.",
            "Remove its instance first.", Refused | CodeTraits.InUse),
        ["InvalidPermission.Malformed"] = new("CidrInvalid", ErrorKind.InvalidArgument, "That is not a valid address range.",
            "Use -AllowedCidr with a range such as 203.0.113.7/32."),
        ["InvalidSubnetID.NotFound"] = new("SubnetNotFound", ErrorKind.ObjectNotFound, "There is no such subnet in this region.",
            "List the subnets with 'aws ec2 describe-subnets'."),
        ["InvalidSubnet"] = new("SubnetNotFound", ErrorKind.ObjectNotFound, "There is no such subnet in this region.",
            "List the subnets with 'aws ec2 describe-subnets'."),
        ["InvalidVpcID.NotFound"] = new("VpcNotFound", ErrorKind.ObjectNotFound, "There is no such network in this region.",
            "List the networks with 'aws ec2 describe-vpcs'."),
        ["VPCIdNotSpecified"] = new("NoDefaultVpc", ErrorKind.ObjectNotFound, "The account has no default VPC in this region.",
            "Create one with 'aws ec2 create-default-vpc', or use -Subnet."),
        ["MissingInput"] = new("NoDefaultVpc", ErrorKind.ObjectNotFound, "No subnet was given, and the zone has no default subnet.",
            "Use -Subnet, or choose another zone."),
        ["InvalidIamInstanceProfile"] = new("InstanceProfileNotFound", ErrorKind.ObjectNotFound, "There is no such instance profile.",
            "Check -InstanceProfile."),
        ["InvalidInstanceID.NotFound"] = new(
            "InstanceNotFound", ErrorKind.ObjectNotFound, "EC2 does not know the instance. It may have ended a while ago.",
            "List your instances with Get-SpotTrainingInstance.", Refused | CodeTraits.NotYetKnown),
        ["InvalidInstanceID.Malformed"] = new("InstanceNotFound", ErrorKind.InvalidArgument, "That is not a valid instance ID.",
            "List your instances with Get-SpotTrainingInstance."),
        ["IncorrectInstanceState"] = new(
            "InstanceStateWrong", ErrorKind.InvalidOperation, "The state of the instance does not allow this: {0}",
            "Check its state with Get-SpotTrainingInstance."),

        ["IdempotentParameterMismatch"] = new(
            "LaunchUnclear", ErrorKind.InvalidOperation, "EC2 has already seen the launch's token in a different call.",
            "Check with Get-SpotTrainingInstance whether an instance is running, and try again.", CodeTraits.Unclear),
        ["InvalidParameterValue"] = new("AwsRefused", ErrorKind.InvalidArgument, "EC2 refused a value: {0}", Fix),
        ["InvalidParameterCombination"] = new("AwsRefused", ErrorKind.InvalidArgument, "EC2 refused the combination: {0}", Fix),
        ["InvalidParameter"] = new("AwsRefused", ErrorKind.InvalidArgument, "EC2 refused a value: {0}", Fix),
        ["MissingParameter"] = new("AwsRefused", ErrorKind.InvalidArgument, "A required parameter is missing: {0}", Fix),
        ["NoSuchResourceException"] = new("QuotaUnknown", ErrorKind.ObjectNotFound, "The account has no value of its own for this quota.",
            "AWS's default value applies."),
        ["InternalError"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS had an internal error.", Again, Failed),
        ["InternalFailure"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS had an internal error.", Again, Failed),
        ["ServerInternal"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS had an internal error.", Again, Failed),
        ["Unavailable"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS is overloaded.", Again, Failed),
        ["ServiceUnavailable"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS is overloaded.", Again, Failed),
        ["Server.Unavailable"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS is overloaded.", Again, Failed),
        ["RequestTimeout"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS did not receive the whole request in time.",
            Again, Failed),
    };

    /// <summary>The codes in the table.</summary>
    public static IEnumerable<string> Codes => Entries.Keys;

    /// <summary>Finds a code; null if it is not known.</summary>
    public static AwsCode? Find(string code) => Entries.TryGetValue(code, out var entry) ? entry : null;
}
