using System.Management.Automation;
using SpotTrainer.Foundation;

namespace SpotTrainer.Pipeline;

/// <summary>Turns exceptions into the error records that PowerShell shows.</summary>
internal static class ErrorRecords
{
    /// <summary>
    /// PowerShell 7.5 and later show the recommended action after the message. The message includes it already, for scripts that log only
    /// the message, so it would be shown twice. <see cref="SpotTrainerException.NextStep"/> has it in all versions.
    /// </summary>
    private static readonly bool ShowsAction = typeof(PSObject).Assembly.GetName().Version >= new Version(7, 5);

    /// <summary>
    /// Creates the error record of an exception. Exceptions of other libraries are translated, so that users see no stack trace.
    /// </summary>
    public static ErrorRecord From(Exception exception, object? target)
    {
        var error = ErrorTranslation.Translate(exception, target);
        var concerns = error.Concerns ?? (target is string text ? TerminalText.Clean(text) : target);
        return new ErrorRecord(error, error.Id, Category(error.Kind), concerns)
        {
            ErrorDetails = new ErrorDetails($"{error.Message} {error.NextStep}")
            {
                RecommendedAction = ShowsAction ? string.Empty : error.NextStep,
            },
        };
    }

    private static ErrorCategory Category(ErrorKind kind) =>
        Enum.TryParse<ErrorCategory>(kind.ToString(), out var category) ? category : ErrorCategory.NotSpecified;
}
