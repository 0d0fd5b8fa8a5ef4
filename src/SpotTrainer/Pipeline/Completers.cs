using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Amazon.Runtime.CredentialManagement;

namespace SpotTrainer.Pipeline;

/// <summary>Completes names by what the user has typed of them.</summary>
public abstract class NameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var pattern = WildcardPattern.Get(wordToComplete.Trim('\'', '"') + "*", WildcardOptions.IgnoreCase);
        return Names().Where(pattern.IsMatch).Select(name => new CompletionResult(Quote(name), name, CompletionResultType.ParameterValue, name));
    }

    /// <summary>A name with other characters than these would be several words.</summary>
    private static string Quote(string name) =>
        name.All(character => char.IsLetterOrDigit(character) || character is '-' or '_' or '.') ? name : $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'";

    /// <summary>The names there are.</summary>
    private protected abstract IEnumerable<string> Names();
}

/// <summary>Completes the regions of AWS that are enabled without asking for them.</summary>
public sealed class RegionCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
    [
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
        "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    ];
}

/// <summary>Completes the profiles of AWS's own tools.</summary>
public sealed class ProfileCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
        Chain().ListProfiles().Select(profile => profile.Name);

    /// <summary>The SDK remembers what the variable said when it was first asked.</summary>
    private static CredentialProfileStoreChain Chain() =>
        Environment.GetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE") is { Length: > 0 } file ? new CredentialProfileStoreChain(file) : new CredentialProfileStoreChain();
}

/// <summary>Completes the families of instance types that are good for training; their sizes are many.</summary>
public sealed class InstanceTypeCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() =>
    [
        "c6a.*", "c6i.*", "c7a.*", "c7g.*", "c7i.*", "c8g.*", "g4dn.*", "g5.*", "g6.*", "g6e.*", "m6a.*", "m6i.*", "m7a.*", "m7g.*", "m7i.*", "m8g.*",
        "p3.*", "p4d.*", "p5.*", "r6a.*", "r6i.*", "r7a.*", "r7g.*", "r7i.*", "r8g.*", "t3.*", "t4g.*",
    ];
}

/// <summary>Completes the models of GPUs, as EC2 names them.</summary>
public sealed class GpuModelCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() => ["A100", "A10G", "H100", "H200", "L4", "L40S", "M60", "Radeon Pro V520", "T4", "T4g", "V100"];
}
