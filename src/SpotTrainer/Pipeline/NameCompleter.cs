using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using SpotTrainer.Foundation;

namespace SpotTrainer.Pipeline;

/// <summary>
/// Completes names that begin with what the user has typed. If there are none, the word stays as it is: PowerShell would otherwise offer
/// the files of the current folder.
/// </summary>
public abstract class NameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var start = wordToComplete.Trim('\'', '"');
        var found = Names(fakeBoundParameters)
            .Where(name => name.StartsWith(start, StringComparison.OrdinalIgnoreCase) && TerminalText.IsPlain(name))
            .Select(name => new CompletionResult(Quote(name), name, CompletionResultType.ParameterValue, name)).ToArray();
        return found.Length > 0 || start.Length == 0 ? found
            : [new CompletionResult(wordToComplete, start, CompletionResultType.ParameterValue, start)];
    }

    /// <summary>Quotes a name that PowerShell might not read as one word.</summary>
    private static string Quote(string name) =>
        name.All(character => char.IsLetterOrDigit(character)
            || character is '-' or '_' or '.') ? name : $"'{CodeGeneration.EscapeSingleQuotedStringContent(name)}'";

    /// <summary>Returns all names.</summary>
    /// <param name="given">The other parameters, as far as the user has typed them.</param>
    private protected virtual IEnumerable<string> Names(IDictionary given) => Names();

    /// <summary>Returns all names.</summary>
    private protected abstract IEnumerable<string> Names();
}
