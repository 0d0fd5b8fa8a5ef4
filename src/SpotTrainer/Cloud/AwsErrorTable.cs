
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>What AWS's error codes mean to somebody who wants to train a model, and what to do about them (EC2 API Reference, "Error codes").</summary>
internal static class AwsErrorTable
{
    private const string Again = "Wait a minute and try again.";
    private const string OtherOffer = "Pipe several offers to New-SpotTrainingInstance, or try another zone or type.";
    private const string Mend = "Mend what it names and try again.";
    private const string Profile = "Run 'aws configure', or give -ProfileName with a profile that works.";
    private const string SignOn = "Sign on again ('aws sso login', or new keys), and see that this computer's clock is right.";
    private const string Support = "See the account's health and mail from AWS, or ask AWS support.";
    private const string CleanUp = "See what is left with Clear-SpotTrainingResource -WhatIf, or ask for more under Service Quotas.";
    private const string Offers = "See what there is with Find-SpotOffer.";
    private const string Image = "Choose another -Image or -ImageId.";

    private static readonly Dictionary<string, Entry> Entries = new(StringComparer.Ordinal)
    {
        ["AuthFailure"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "AWS did not accept the credentials.", Profile),
        ["InvalidClientTokenId"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "AWS does not know the access key.", Profile),
        ["UnrecognizedClientException"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "AWS does not know the access key.", Profile),
        ["SignatureDoesNotMatch"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "The secret key does not belong to the access key.", Profile),
        ["InvalidSignatureException"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "The secret key does not belong to the access key.", Profile),
        ["RequestTimeTooSkewed"] = new("ClockWrong", ErrorKind.AuthenticationError, "This computer's clock is wrong, so that AWS does not take its signatures: {0}",
            "Set the clock (on Windows: w32tm /resync, on Linux: timedatectl set-ntp true) and try again."),
        ["MissingAuthenticationToken"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "The call was not signed.", Profile),
        ["IncompleteSignature"] = new("CredentialsRejected", ErrorKind.AuthenticationError, "The call was not signed whole.", Profile),
        ["ExpiredToken"] = new("CredentialsExpired", ErrorKind.AuthenticationError, "The credentials have expired.", SignOn),
        ["ExpiredTokenException"] = new("CredentialsExpired", ErrorKind.AuthenticationError, "The credentials have expired.", SignOn),
        ["RequestExpired"] = new("CredentialsExpired", ErrorKind.AuthenticationError, "The credentials have expired, or this computer's clock is wrong.", SignOn),

        ["UnauthorizedOperation"] = new("NotAllowed", ErrorKind.PermissionDenied, "The account's policies do not allow this: {0}", "Ask for the permission, or use another profile."),
        ["AccessDenied"] = new("NotAllowed", ErrorKind.PermissionDenied, "The account's policies do not allow this: {0}", "Ask for the permission, or use another profile."),
        ["AccessDeniedException"] = new("NotAllowed", ErrorKind.PermissionDenied, "The account's policies do not allow this: {0}", "Ask for the permission, or use another profile."),
        ["OperationNotPermitted"] = new("NotAllowed", ErrorKind.PermissionDenied, "EC2 does not permit this: {0}", Mend),
        ["AuthFailure.ServiceLinkedRoleCreationNotPermitted"] = new("SpotRoleMissing", ErrorKind.PermissionDenied,
            "The account has no role for EC2 Spot yet, and these credentials may not make it.",
            "Ask an administrator to run: aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"),
        ["OptInRequired"] = new("NotSubscribed", ErrorKind.PermissionDenied, "The account is not enabled for this region or image: {0}",
            "Enable the region (or accept the image's terms) in the console, or choose another."),
        ["PendingVerification"] = new("AccountPending", ErrorKind.PermissionDenied, "AWS still verifies the account for this region.", "It takes up to four hours: try again, or use another region."),
        ["Blocked"] = new("AccountBlocked", ErrorKind.PermissionDenied, "AWS has blocked the account.", Support),

        ["InsufficientInstanceCapacity"] = new("NoCapacity", ErrorKind.ResourceUnavailable, "There is no capacity for this type in this zone at the moment.", OtherOffer),
        ["InsufficientHostCapacity"] = new("NoCapacity", ErrorKind.ResourceUnavailable, "There is no capacity for this type in this zone at the moment.", OtherOffer),
        ["InsufficientCapacity"] = new("NoCapacity", ErrorKind.ResourceUnavailable, "There is no capacity for this type in this zone at the moment.", OtherOffer),
        ["InsufficientReservedInstanceCapacity"] = new("NoCapacity", ErrorKind.ResourceUnavailable, "There is no capacity for this type in this zone at the moment.", OtherOffer),
        ["InsufficientVolumeCapacity"] = new("NoCapacity", ErrorKind.ResourceUnavailable, "There is no room for its disk in this zone at the moment.", OtherOffer),
        ["InsufficientAddressCapacity"] = new("NoCapacity", ErrorKind.ResourceUnavailable, "There are no public addresses in this zone at the moment.", OtherOffer),
        ["InsufficientFreeAddressesInSubnet"] = new("SubnetFull", ErrorKind.ResourceUnavailable, "The subnet has no free address.", "Use another -Subnet, or another zone."),

        ["MaxSpotInstanceCountExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account's quota of Spot vCPUs does not allow another such instance.",
            "Choose a smaller type, or ask for more under Service Quotas, 'All Standard Spot Instance Requests' (L-34B43A08; GPUs: L-3819A6DF, L-7212CCBC, L-C4BD4855)."),
        ["VcpuLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account's quota of on-demand vCPUs does not allow another such instance.",
            "Choose a smaller type, or ask for more under Service Quotas, 'Running On-Demand Standard instances' (L-1216C47A)."),
        ["InstanceLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account may not run another instance of this type.", "Remove one, choose another type, or ask for more under Service Quotas."),
        ["VolumeLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account's quota of disk storage is used up.", CleanUp),
        ["MaxIOPSLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account's quota of disk speed is used up.", CleanUp),
        ["SecurityGroupLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account may not have another security group in this network.", "Delete one, or give one of yours with -SecurityGroup."),
        ["RulesPerSecurityGroupLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The security group has as many rules as it may have.", "Delete rules of it, or make another with New-TrainingSecurityGroup."),
        ["SecurityGroupsPerInterfaceLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The machine has as many security groups as it may have.", "Give fewer."),
        ["NetworkInterfaceLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account may not have another network interface in this region.", CleanUp),
        ["PrivateIpAddressLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The machine has as many addresses as it may have.", CleanUp),
        ["AddressLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account may not have another public address in this region.", CleanUp),
        ["ResourceCountExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "A quota of the account does not allow this: {0}", CleanUp),
        ["VpcLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account may not have another network in this region.", "Give -Subnet of one that is there."),
        ["TagLimitExceeded"] = new("TooManyTags", ErrorKind.LimitsExceeded, "There are more tags than the 50 that a resource may have.", "Give fewer with -Tag."),
        ["RequestLimitExceeded"] = new("Throttled", ErrorKind.ResourceUnavailable, "AWS asks for fewer calls at a time.", Again),
        ["Throttling"] = new("Throttled", ErrorKind.ResourceUnavailable, "AWS asks for fewer calls at a time.", Again),
        ["ThrottlingException"] = new("Throttled", ErrorKind.ResourceUnavailable, "AWS asks for fewer calls at a time.", Again),
        ["TooManyRequestsException"] = new("Throttled", ErrorKind.ResourceUnavailable, "AWS asks for fewer calls at a time.", Again),

        ["SpotMaxPriceTooLow"] = new("MaxPriceTooLow", ErrorKind.LimitsExceeded, "The maximum price is below the current Spot price.", "Raise -MaxPrice, or look for a cheaper offer with Find-SpotOffer."),
        ["InvalidInstanceType"] = new("UnknownInstanceType", ErrorKind.ObjectNotFound, "{0}", Offers),
        ["Unsupported"] = new("OfferUnsupported", ErrorKind.ResourceUnavailable, "This type can't be launched so in this zone: {0}", OtherOffer),
        ["UnsupportedOperation"] = new("OfferUnsupported", ErrorKind.ResourceUnavailable, "This type can't be launched so: {0}", OtherOffer),
        ["InvalidAvailabilityZone"] = new("ZoneUnknown", ErrorKind.ObjectNotFound, "The account has no such zone: {0}", Offers),
        ["InvalidZone.NotFound"] = new("ZoneUnknown", ErrorKind.ObjectNotFound, "The account has no such zone: {0}", Offers),
        ["VolumeTypeNotAvailableInZone"] = new("OfferUnsupported", ErrorKind.ResourceUnavailable, "The zone has no gp3 disks.", OtherOffer),

        ["InvalidAMIID.NotFound"] = new("ImageNotFound", ErrorKind.ObjectNotFound, "There is no such image in this region.", Image),
        ["InvalidAMIID.Malformed"] = new("ImageNotFound", ErrorKind.InvalidArgument, "That can't be the id of an image.", Image),
        ["InvalidAMIID.Unavailable"] = new("ImageNotFound", ErrorKind.ObjectNotFound, "The image is not there any more.", Image),
        ["ParameterNotFound"] = new("ParameterNotFound", ErrorKind.ObjectNotFound, "AWS Systems Manager has no such public parameter.", "See whether the region has it."),
        ["InvalidSnapshot.NotFound"] = new("ImageNotFound", ErrorKind.ObjectNotFound, "The image's snapshot is not there any more.", Image),
        ["InvalidBlockDeviceMapping"] = new("DiskRefused", ErrorKind.InvalidArgument, "EC2 refused the disk: {0}", "Choose another -VolumeSizeGiB or -Image."),
        ["EncryptedVolumesNotSupported"] = new("DiskRefused", ErrorKind.InvalidArgument, "This type takes no encrypted disk.", Offers),
        ["Client.InvalidKMSKey.InvalidState"] = new("DiskKeyUnusable", ErrorKind.InvalidOperation, "The key with which the account encrypts disks can't be used.", "Enable it under KMS, or reset the account's default key for EBS."),
        ["Client.InternalError"] = new("DiskKeyUnusable", ErrorKind.PermissionDenied, "EC2 could not start the machine: most often, because it may not use the key with which the account encrypts disks.",
            "See to the key's policy under KMS, or reset the account's default key for EBS."),
        ["KMSKeyNotAccessibleFault"] = new("DiskKeyUnusable", ErrorKind.PermissionDenied, "The key with which the account encrypts disks can't be used.", "Enable it under KMS, or reset the account's default key for EBS."),
        ["InvalidUserData.Malformed"] = new("UserDataRefused", ErrorKind.InvalidData, "EC2 refused the user data: {0}", "Tell us what you ran."),

        ["InvalidKeyPair.NotFound"] = new("KeyPairNotFound", ErrorKind.ObjectNotFound, "EC2 has no such key pair in this region.", "See what there is with Get-TrainingKeyPair."),
        ["InvalidKeyPair.Duplicate"] = new("KeyPairExists", ErrorKind.ResourceExists, "EC2 has a key pair of that name already.", "Choose another name."),
        ["InvalidKey.Format"] = new("KeyRefused", ErrorKind.InvalidData, "EC2 can't use this key.", "Make another with New-TrainingKeyPair."),
        ["KeyPairLimitExceeded"] = new("QuotaExceeded", ErrorKind.LimitsExceeded, "The account may not have another key pair in this region.", "Remove one with Remove-TrainingKeyPair."),
        ["InvalidGroup.NotFound"] = new("SecurityGroupNotFound", ErrorKind.ObjectNotFound, "There is no such security group.", "Leave -SecurityGroup out, or make one with New-TrainingSecurityGroup."),
        ["InvalidGroupId.Malformed"] = new("SecurityGroupNotFound", ErrorKind.InvalidArgument, "That can't be the id of a security group.", "Leave -SecurityGroup out, or make one with New-TrainingSecurityGroup."),
        ["InvalidSecurityGroupID.NotFound"] = new("SecurityGroupNotFound", ErrorKind.ObjectNotFound, "There is no such security group.", "Leave -SecurityGroup out, or make one with New-TrainingSecurityGroup."),
        ["InvalidGroup.InUse"] = new("SecurityGroupInUse", ErrorKind.ResourceBusy, "Something still uses the security group.", "Remove its instances first."),
        ["DependencyViolation"] = new("ResourceInUse", ErrorKind.ResourceBusy, "Something still uses it: {0}", "Remove that first."),
        ["VolumeInUse"] = new("ResourceInUse", ErrorKind.ResourceBusy, "The disk is still in use.", "Remove its instance first."),
        ["InvalidPermission.Malformed"] = new("CidrInvalid", ErrorKind.InvalidArgument, "That can't be an address range.", "Give -AllowedCidr in the form 203.0.113.7/32."),
        ["InvalidSubnetID.NotFound"] = new("SubnetNotFound", ErrorKind.ObjectNotFound, "There is no such subnet in this region.", "See the subnets with 'aws ec2 describe-subnets'."),
        ["InvalidSubnet"] = new("SubnetNotFound", ErrorKind.ObjectNotFound, "There is no such subnet in this region.", "See the subnets with 'aws ec2 describe-subnets'."),
        ["InvalidVpcID.NotFound"] = new("VpcNotFound", ErrorKind.ObjectNotFound, "There is no such network in this region.", "See the networks with 'aws ec2 describe-vpcs'."),
        ["VPCIdNotSpecified"] = new("NoDefaultVpc", ErrorKind.ObjectNotFound, "The account has no default VPC in this region.", "Make one with 'aws ec2 create-default-vpc', or give -Subnet."),
        ["MissingInput"] = new("NoDefaultVpc", ErrorKind.ObjectNotFound, "No subnet was given, and the zone has no default one.", "Give -Subnet, or use another zone."),
        ["InvalidIamInstanceProfile"] = new("InstanceProfileNotFound", ErrorKind.ObjectNotFound, "There is no such instance profile.", "See to -InstanceProfile."),
        ["InvalidInstanceID.NotFound"] = new("InstanceNotFound", ErrorKind.ObjectNotFound, "EC2 knows no such instance (any more).", "See what there is with Get-SpotTrainingInstance."),
        ["InvalidInstanceID.Malformed"] = new("InstanceNotFound", ErrorKind.InvalidArgument, "That can't be the id of an instance.", "See what there is with Get-SpotTrainingInstance."),
        ["IncorrectInstanceState"] = new("InstanceStateWrong", ErrorKind.InvalidOperation, "The instance is not in a state for this: {0}", "See its state with Get-SpotTrainingInstance."),

        ["IdempotentParameterMismatch"] = new("LaunchUnclear", ErrorKind.InvalidOperation, "EC2 has seen the launch's token with another call.", "Look with Get-SpotTrainingInstance whether a machine runs, and try again."),
        ["InvalidParameterValue"] = new("AwsRefused", ErrorKind.InvalidArgument, "EC2 refused a value: {0}", Mend),
        ["InvalidParameterCombination"] = new("AwsRefused", ErrorKind.InvalidArgument, "EC2 refused the combination: {0}", Mend),
        ["InvalidParameter"] = new("AwsRefused", ErrorKind.InvalidArgument, "EC2 refused a value: {0}", Mend),
        ["MissingParameter"] = new("AwsRefused", ErrorKind.InvalidArgument, "EC2 misses something: {0}", Mend),
        ["NoSuchResourceException"] = new("QuotaUnknown", ErrorKind.ObjectNotFound, "The account has no value of its own for this quota.", "AWS's default counts."),
        ["InternalError"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS failed inside.", Again),
        ["InternalFailure"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS failed inside.", Again),
        ["ServerInternal"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS failed inside.", Again),
        ["Unavailable"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS is overloaded.", Again),
        ["ServiceUnavailable"] = new("AwsFailed", ErrorKind.ResourceUnavailable, "AWS is overloaded.", Again),
    };

    /// <summary>The codes that it knows.</summary>
    public static IEnumerable<string> Codes => Entries.Keys;

    /// <summary>Finds the meaning of a code; null where it is not known.</summary>
    public static Entry? Find(string code) => Entries.TryGetValue(code, out var entry) ? entry : null;

    /// <summary>The meaning of a code.</summary>
    /// <param name="Id">Our id.</param>
    /// <param name="Kind">Our category.</param>
    /// <param name="Text">What it means; {0} is AWS's own first sentence, where it says more than the code.</param>
    /// <param name="NextStep">What to do.</param>
    internal sealed record Entry(string Id, ErrorKind Kind, string Text, string NextStep);
}
