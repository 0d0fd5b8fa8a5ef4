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
        new CredentialProfileStoreChain().ListProfiles().Select(profile => profile.Name);
}
