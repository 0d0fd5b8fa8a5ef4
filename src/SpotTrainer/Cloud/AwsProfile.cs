using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>Reads AWS profiles (~/.aws/config and ~/.aws/credentials), and finds what is wrong with them.</summary>
internal static class AwsProfile
{
    /// <summary>The profile that is used if none is named.</summary>
    public static string DefaultName => Environment.GetEnvironmentVariable("AWS_PROFILE") is { Length: > 0 } name ? name : "default";

    /// <summary>Finds a profile; null if there is no profile with that name.</summary>
    /// <exception cref="SpotTrainerException"><c>ProfileInvalid</c>: the files cannot be read.</exception>
    public static CredentialProfile? Find(string name)
    {
        try
        {
            return new CredentialProfileStoreChain().TryGetProfile(name, out var found) ? found : null;
        }
        catch (InvalidDataException exception)
        {
            // The SDK's message contains the line itself, which may be a secret key.
            var place = Regex.Match(
                exception.Message, "^Line (?<line>[0-9]+):.* in file (?<file>.+) does not",
                RegexOptions.Singleline | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
            var file = place.Success ? place.Groups["file"].Value : "~/.aws/config or ~/.aws/credentials";
            throw new SpotTrainerException("ProfileInvalid", ErrorKind.InvalidData,
                place.Success
                    ? $"Line {place.Groups["line"].Value} of {file} is neither a section nor a setting." : $"{file} cannot be read.",
                "Fix the file, or write it again with 'aws configure'.", file, exception);
        }
    }

    /// <summary>Returns the credentials of a profile.</summary>
    /// <exception cref="SpotTrainerException"><c>UnknownProfile</c>, <c>ProfileInvalid</c>.</exception>
    public static AWSCredentials GetCredentials(string name)
    {
        var profile = Find(name) ?? throw Unknown(name);
        return FaultOf(profile) is { } fault ? throw fault
            : new CredentialProfileStoreChain().TryGetAWSCredentials(name, out var found) ? found
            : throw Invalid(name, "has no complete credentials",
                "Check that each of its settings is present and appears only once, or run 'aws configure'.");
    }

    /// <summary>
    /// Returns what is wrong with the profile that is used if none is named; null if that profile does not exist, or if nothing is wrong
    /// except that it may have no credentials.
    /// </summary>
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

    /// <summary>Returns the error for a profile that does not exist.</summary>
    public static SpotTrainerException Unknown(string name, Exception? inner = null) => new(
        "UnknownProfile", ErrorKind.ObjectNotFound, $"There is no profile '{name}'.",
        "List your profiles with 'aws configure list-profiles'.", name, inner);

    private static SpotTrainerException? FaultOf(CredentialProfile profile)
    {
        var options = profile.Options;
        return string.IsNullOrEmpty(options.RoleArn) ? null
            : !string.IsNullOrEmpty(options.MfaSerial) ? Invalid(profile.Name, "requires an MFA code, which the module does not prompt for",
                "Get keys with 'aws sts assume-role' (--serial-number, --token-code), set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and "
                + "AWS_SESSION_TOKEN, and leave out the profile.")
            : options.SourceProfile is { Length: > 0 } source ? Find(source) is null
                ? Invalid(
                    profile.Name, $"assumes a role with the profile '{source}', which does not exist", "Check its source_profile.") : null
            : string.IsNullOrEmpty(options.CredentialSource) && string.IsNullOrEmpty(options.WebIdentityTokenFile)
                ? Invalid(profile.Name, "assumes a role, but does not say with which credentials", "Add a source_profile to it.") : null;
    }

    private static SpotTrainerException Invalid(string name, string what, string nextStep) =>
        new("ProfileInvalid", ErrorKind.InvalidData, $"The profile '{name}' {what}.", nextStep, name);
}
