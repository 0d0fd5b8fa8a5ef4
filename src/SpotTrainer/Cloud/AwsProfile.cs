using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>The profiles of AWS's own tools (~/.aws/config and ~/.aws/credentials), and what can be wrong with one.</summary>
internal static class AwsProfile
{
    /// <summary>The profile that counts when none is named.</summary>
    public static string DefaultName => Environment.GetEnvironmentVariable("AWS_PROFILE") is { Length: > 0 } name ? name : "default";

    /// <summary>Finds a profile; null where there is none of that name.</summary>
    /// <exception cref="SpotTrainerException"><c>ProfileInvalid</c>: the files can't be read.</exception>
    public static CredentialProfile? Find(string name)
    {
        try
        {
            return new CredentialProfileStoreChain().TryGetProfile(name, out var found) ? found : null;
        }
        catch (InvalidDataException exception)
        {
            // The SDK's text has the line itself, which may be a secret key.
            var place = Regex.Match(exception.Message, "^Line (?<line>[0-9]+):.* in file (?<file>.+) does not", RegexOptions.Singleline | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
            var file = place.Success ? place.Groups["file"].Value : "~/.aws/config or ~/.aws/credentials";
            throw new SpotTrainerException("ProfileInvalid", ErrorKind.InvalidData,
                place.Success ? $"Line {place.Groups["line"].Value} of {file} is neither a section nor a setting." : $"{file} can't be read.",
                "Mend the file, or write it anew with 'aws configure'.", file, exception);
        }
    }

    /// <summary>Gives the credentials of a profile.</summary>
    /// <exception cref="SpotTrainerException"><c>UnknownProfile</c>, <c>ProfileInvalid</c>.</exception>
    public static AWSCredentials GetCredentials(string name)
    {
        var profile = Find(name) ?? throw Unknown(name);
        return FaultOf(profile) is { } fault ? throw fault
            : new CredentialProfileStoreChain().TryGetAWSCredentials(name, out var found) ? found
            : throw Invalid(name, "has no credentials that are whole", "See that each of its settings is there, and stands there once only, or run 'aws configure'.");
    }

    /// <summary>What is wrong with the profile that counts when none is named; null where there is none, or where it may well have no credentials.</summary>
    public static SpotTrainerException? FindFault()
    {
        try
        {
            return Find(DefaultName) is { } profile ? FaultOf(profile) : null;
        }
        catch (SpotTrainerException damaged)
        {
            return damaged;
        }
    }

    /// <summary>The error of a profile that is not there.</summary>
    public static SpotTrainerException Unknown(string name, Exception? inner = null) => new(
        "UnknownProfile", ErrorKind.ObjectNotFound, $"There is no profile '{name}'.", "See the profiles with 'aws configure list-profiles'.", name, inner);

    private static SpotTrainerException? FaultOf(CredentialProfile profile)
    {
        var options = profile.Options;
        return string.IsNullOrEmpty(options.RoleArn) ? null
            : !string.IsNullOrEmpty(options.MfaSerial) ? Invalid(profile.Name, "wants the code of an MFA device, which is not asked for here",
                "Make keys with 'aws sts assume-role' (--serial-number, --token-code), set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and leave the profile out.")
            : options.SourceProfile is { Length: > 0 } source ? Find(source) is null
                ? Invalid(profile.Name, $"takes a role with the profile '{source}', which is not there", "See to its source_profile.") : null
            : string.IsNullOrEmpty(options.CredentialSource) && string.IsNullOrEmpty(options.WebIdentityTokenFile)
                ? Invalid(profile.Name, "takes a role, and does not say with whose credentials", "Give it a source_profile.") : null;
    }

    private static SpotTrainerException Invalid(string name, string what, string nextStep) =>
        new("ProfileInvalid", ErrorKind.InvalidData, $"The profile '{name}' {what}.", nextStep, name);
}
