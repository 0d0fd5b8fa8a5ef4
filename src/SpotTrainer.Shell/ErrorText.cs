using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace SpotTrainer.Shell;

/// <summary>Says an error in a line or two: where it came from, what happened, what to do next. Never a stack trace.</summary>
internal static class ErrorText
{
    public static string Of(ErrorRecord error)
    {
        var action = error.ErrorDetails?.RecommendedAction;
        var message = (error.ErrorDetails?.Message ?? error.Exception.Message).Trim();
        if (!string.IsNullOrEmpty(action) && message.EndsWith(action, StringComparison.Ordinal))
        {
            message = message[..^action.Length].TrimEnd();
        }

        var text = new StringBuilder();
        if (Source(error) is { } source)
        {
            text.Append(source).Append(": ");
        }

        text.Append(message);
        if (!string.IsNullOrEmpty(action))
        {
            text.Append(Environment.NewLine).Append("  ").Append(action);
        }

        return text.ToString();
    }

    private static string? Source(ErrorRecord error)
    {
        var invocation = error.InvocationInfo;
        if (invocation?.MyCommand is { CommandType: CommandTypes.Cmdlet or CommandTypes.Function } command)
        {
            return command.Name;
        }

        // What the language itself throws: the script's own line.
        return invocation is { ScriptLineNumber: > 0 } && !string.IsNullOrEmpty(invocation.ScriptName)
            ? string.Format(CultureInfo.InvariantCulture, "{0}:{1}", Path.GetFileName(invocation.ScriptName), invocation.ScriptLineNumber)
            : null;
    }
}
