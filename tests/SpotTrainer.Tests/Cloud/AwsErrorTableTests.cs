using Amazon.EC2;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Cloud;

/// <summary>Every code with which AWS can refuse a launch has our own message and a next step.</summary>
public sealed class AwsErrorTableTests
{
    /// <summary>The error codes of EC2's API Reference and of other services that a launch and its preparation can meet.</summary>
    public static TheoryData<string, string, ErrorKind> Launch => new()
    {
        { "AuthFailure", "CredentialsRejected", ErrorKind.AuthenticationError },
        { "AuthFailure.ServiceLinkedRoleCreationNotPermitted", "SpotRoleMissing", ErrorKind.PermissionDenied },
        { "Blocked", "AccountBlocked", ErrorKind.PermissionDenied },
        { "ExpiredToken", "CredentialsExpired", ErrorKind.AuthenticationError },
        { "ExpiredTokenException", "CredentialsExpired", ErrorKind.AuthenticationError },
        { "RequestExpired", "CredentialsExpired", ErrorKind.AuthenticationError },
        { "InvalidClientTokenId", "CredentialsRejected", ErrorKind.AuthenticationError },
        { "UnrecognizedClientException", "CredentialsRejected", ErrorKind.AuthenticationError },
        { "SignatureDoesNotMatch", "CredentialsRejected", ErrorKind.AuthenticationError },
        { "RequestTimeTooSkewed", "ClockWrong", ErrorKind.AuthenticationError },
        { "InvalidSignatureException", "CredentialsRejected", ErrorKind.AuthenticationError },
        { "IncompleteSignature", "CredentialsRejected", ErrorKind.AuthenticationError },
        { "MissingAuthenticationToken", "CredentialsRejected", ErrorKind.AuthenticationError },
        { "OptInRequired", "NotSubscribed", ErrorKind.PermissionDenied },
        { "PendingVerification", "AccountPending", ErrorKind.PermissionDenied },
        { "UnauthorizedOperation", "NotAllowed", ErrorKind.PermissionDenied },
        { "AccessDenied", "NotAllowed", ErrorKind.PermissionDenied },
        { "AccessDeniedException", "NotAllowed", ErrorKind.PermissionDenied },
        { "OperationNotPermitted", "NotAllowed", ErrorKind.PermissionDenied },
        { "InsufficientInstanceCapacity", "NoCapacity", ErrorKind.ResourceUnavailable },
        { "InsufficientHostCapacity", "NoCapacity", ErrorKind.ResourceUnavailable },
        { "InsufficientCapacity", "NoCapacity", ErrorKind.ResourceUnavailable },
        { "InsufficientReservedInstanceCapacity", "NoCapacity", ErrorKind.ResourceUnavailable },
        { "InsufficientVolumeCapacity", "NoCapacity", ErrorKind.ResourceUnavailable },
        { "InsufficientAddressCapacity", "NoCapacity", ErrorKind.ResourceUnavailable },
        { "InsufficientFreeAddressesInSubnet", "SubnetFull", ErrorKind.ResourceUnavailable },
        { "MaxSpotInstanceCountExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "VcpuLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "InstanceLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "VolumeLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "MaxIOPSLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "SecurityGroupLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "RulesPerSecurityGroupLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "MaxConfigLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "FilterLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "SecurityGroupsPerInterfaceLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "NetworkInterfaceLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "PrivateIpAddressLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "AddressLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "KeyPairLimitExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "ResourceCountExceeded", "QuotaExceeded", ErrorKind.LimitsExceeded },
        { "TagLimitExceeded", "TooManyTags", ErrorKind.LimitsExceeded },
        { "RequestLimitExceeded", "Throttled", ErrorKind.ResourceUnavailable },
        { "Throttling", "Throttled", ErrorKind.ResourceUnavailable },
        { "ThrottlingException", "Throttled", ErrorKind.ResourceUnavailable },
        { "TooManyRequestsException", "Throttled", ErrorKind.ResourceUnavailable },
        { "SpotMaxPriceTooLow", "MaxPriceTooLow", ErrorKind.LimitsExceeded },
        { "InvalidInstanceType", "UnknownInstanceType", ErrorKind.ObjectNotFound },
        { "Unsupported", "OfferUnsupported", ErrorKind.ResourceUnavailable },
        { "UnsupportedOperation", "OfferUnsupported", ErrorKind.ResourceUnavailable },
        { "InvalidAvailabilityZone", "ZoneUnknown", ErrorKind.ObjectNotFound },
        { "VolumeTypeNotAvailableInZone", "OfferUnsupported", ErrorKind.ResourceUnavailable },
        { "InvalidAMIID.NotFound", "ImageNotFound", ErrorKind.ObjectNotFound },
        { "InvalidAMIID.Malformed", "ImageNotFound", ErrorKind.InvalidArgument },
        { "InvalidAMIID.Unavailable", "ImageNotFound", ErrorKind.ObjectNotFound },
        { "InvalidSnapshot.NotFound", "ImageNotFound", ErrorKind.ObjectNotFound },
        { "InvalidBlockDeviceMapping", "DiskRefused", ErrorKind.InvalidArgument },
        { "EncryptedVolumesNotSupported", "DiskRefused", ErrorKind.InvalidArgument },
        { "Client.InternalError", "DiskKeyUnusable", ErrorKind.PermissionDenied },
        { "Client.InvalidKMSKey.InvalidState", "DiskKeyUnusable", ErrorKind.InvalidOperation },
        { "InvalidUserData.Malformed", "UserDataRefused", ErrorKind.InvalidData },
        { "InvalidKeyPair.NotFound", "KeyPairNotFound", ErrorKind.ObjectNotFound },
        { "InvalidKeyPair.Duplicate", "KeyPairExists", ErrorKind.ResourceExists },
        { "InvalidKey.Format", "KeyRefused", ErrorKind.InvalidData },
        { "InvalidGroup.NotFound", "SecurityGroupNotFound", ErrorKind.ObjectNotFound },
        { "InvalidGroupId.Malformed", "SecurityGroupNotFound", ErrorKind.InvalidArgument },
        { "InvalidSecurityGroupID.NotFound", "SecurityGroupNotFound", ErrorKind.ObjectNotFound },
        { "InvalidPermission.Malformed", "CidrInvalid", ErrorKind.InvalidArgument },
        { "InvalidSubnetID.NotFound", "SubnetNotFound", ErrorKind.ObjectNotFound },
        { "InvalidSubnet", "SubnetNotFound", ErrorKind.ObjectNotFound },
        { "InvalidVpcID.NotFound", "VpcNotFound", ErrorKind.ObjectNotFound },
        { "VPCIdNotSpecified", "NoDefaultVpc", ErrorKind.ObjectNotFound },
        { "MissingInput", "NoDefaultVpc", ErrorKind.ObjectNotFound },
        { "InvalidInstanceID.NotFound", "InstanceNotFound", ErrorKind.ObjectNotFound },
        { "IncorrectInstanceState", "InstanceStateWrong", ErrorKind.InvalidOperation },
        { "IdempotentParameterMismatch", "LaunchUnclear", ErrorKind.InvalidOperation },
        { "InvalidParameterValue", "AwsRefused", ErrorKind.InvalidArgument },
        { "InvalidParameterCombination", "AwsRefused", ErrorKind.InvalidArgument },
        { "InvalidParameter", "AwsRefused", ErrorKind.InvalidArgument },
        { "MissingParameter", "AwsRefused", ErrorKind.InvalidArgument },
        { "InternalError", "AwsFailed", ErrorKind.ResourceUnavailable },
        { "InternalFailure", "AwsFailed", ErrorKind.ResourceUnavailable },
        { "ServerInternal", "AwsFailed", ErrorKind.ResourceUnavailable },
        { "Unavailable", "AwsFailed", ErrorKind.ResourceUnavailable },
        { "ServiceUnavailable", "AwsFailed", ErrorKind.ResourceUnavailable },
        { "Server.Unavailable", "AwsFailed", ErrorKind.ResourceUnavailable },
        { "RequestTimeout", "AwsFailed", ErrorKind.ResourceUnavailable },
    };

    [Theory]
    [MemberData(nameof(Launch))]
    public void A_code_gives_a_sentence_and_a_next_step(string code, string id, ErrorKind kind)
    {
        const string Said = "The thing 'x' is not right. More of it.";
        var error = ErrorTranslation.Translate(
            new AmazonEC2Exception(Said) { ErrorCode = code, StatusCode = System.Net.HttpStatusCode.BadRequest }, "target");
        Assert.Equal((id, kind), (error.Id, error.Kind));
        Assert.Equal("target", error.Concerns);
        Assert.Matches("^[A-Z].*[.]$", error.Message);
        Assert.Matches("^[A-Z].*[.)]$|: aws |-[A-Z]", error.NextStep);
        Assert.DoesNotContain("{0}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(code + ")", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_code_in_the_table_is_tested() =>
        Assert.Empty(
            AwsErrorTable.Codes.Except(Launch.Select(row => row.Data.Item1), StringComparer.Ordinal)
                .Except(Elsewhere, StringComparer.Ordinal));

    [Fact]
    public void A_code_is_a_refusal_or_leaves_the_call_unclear_and_never_both() =>
        Assert.All(AwsErrorTable.Codes.Select(code => (Code: code, Entry: AwsErrorTable.Find(code)!)), known =>
            Assert.True(known.Entry.Is(CodeTraits.Refused) != known.Entry.Is(CodeTraits.Unclear), known.Code));

    /// <summary>Another offer cannot help against a wrong clock, or against credentials that AWS does not accept.</summary>
    [Fact]
    public void No_other_offer_is_tried_for_a_fault_of_this_computer() => Assert.DoesNotContain(
        AwsErrorTable.Codes.Select(code => AwsErrorTable.Find(code)!),
        known => known.Kind == ErrorKind.AuthenticationError && known.Is(CodeTraits.OtherOffer));

    [Theory]
    [InlineData("InsufficientInstanceCapacity", 500, true, true)]
    [InlineData("InternalError", 500, true, false)]
    [InlineData("ServerInternal", 500, true, false)]
    [InlineData("SomethingNew", 500, true, false)]
    [InlineData("SomethingNew", 400, true, true)]
    [InlineData("RequestTimeout", 400, true, false)]
    [InlineData("UnauthorizedOperation", 403, true, true)]
    [InlineData("UnauthorizedOperation", 403, false, false)]
    [InlineData("", 400, true, false)]
    [InlineData("InvalidParameterValue", 400, false, false)]
    public void Only_what_EC2_itself_refuses_is_a_refusal(string code, int status, bool hasRequestId, bool isRefusal) => Assert.Equal(isRefusal, AwsVerdict.IsRefusal(
        new AmazonEC2Exception(
            "No.") { ErrorCode = code, StatusCode = (System.Net.HttpStatusCode)status, RequestId = hasRequestId ? "11111111" : null }));

    [Theory]
    [InlineData(
        "InvalidParameterValue", "Value (x) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        "InstanceProfileNotFound")]
    [InlineData("InvalidParameterValue", "Invalid value 'z9' for InstanceType.", "UnknownInstanceType")]
    [InlineData(
        "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than 20260101T025500Z (20260101T030000Z - 5 min.)",
        "ClockWrong")]
    [InlineData(
        "SignatureDoesNotMatch",
        "Signature not yet current: 20260101T030000Z is still later than 20260101T000500Z (20260101T000000Z + 5 min.)", "ClockWrong")]
    [InlineData(
        "InvalidSignatureException", "The request signature we calculated does not match the signature you provided.",
        "CredentialsRejected")]
    [InlineData("SomethingNew", "It is new.", "AwsRefused")]
    public void General_codes_are_distinguished_by_AWSs_message(string code, string message, string id) =>
        Assert.Equal(id, AwsErrors.FromCode(code, message, target: null, inner: null).Id);

    /// <summary>Codes outside launches: removals, quotas, and other regions' spellings.</summary>
    private static readonly string[] Elsewhere =
    [
        "DependencyViolation", "InvalidGroup.InUse", "InvalidIamInstanceProfile", "InvalidInstanceID.Malformed", "InvalidZone.NotFound",
        "KMSKeyNotAccessibleFault",
        "NoSuchResourceException", "ParameterNotFound", "VolumeInUse", "VpcLimitExceeded",
    ];
}
