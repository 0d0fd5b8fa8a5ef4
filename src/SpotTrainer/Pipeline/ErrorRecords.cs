using System.Management.Automation;
using SpotTrainer.Foundation;

namespace SpotTrainer.Pipeline;

/// <summary>Turns what the work throws into what PowerShell shows.</summary>
internal static class ErrorRecords
{
    /// <summary>Makes the record of an error. One that is not ours is wrapped, so that no stack trace reaches the user.</summary>
    public static ErrorRecord From(Exception exception, object? target)
    {
        var error = ErrorTranslation.Translate(exception, target);
        return new ErrorRecord(error, error.Id, Category(error.Kind), error.Concerns ?? target)
        {
            ErrorDetails = new ErrorDetails($"{error.Message} {error.NextStep}") { RecommendedAction = error.NextStep },
        };
    }

    private static ErrorCategory Category(ErrorKind kind) =>
        Enum.TryParse<ErrorCategory>(kind.ToString(), out var category) ? category : ErrorCategory.NotSpecified;
}
