using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace SpotTrainer.Pipeline;

/// <summary>Completes names that begin with what the user has typed.</summary>
public abstract class NameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var start = wordToComplete.Trim('\'', '"');
        return Names().Where(name => name.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            .Select(name => new CompletionResult(Quote(name), name, CompletionResultType.ParameterValue, name));
    }

    /// <summary>Quotes a name that PowerShell might not read as one word.</summary>
    private static string Quote(string name) =>
        name.All(character => char.IsLetterOrDigit(character)
            || character is '-' or '_' or '.') ? name : $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'";

    /// <summary>Returns all names.</summary>
    private protected abstract IEnumerable<string> Names();
}
