using System.Net.Sockets;

namespace SpotTrainer.Foundation;

/// <summary>
/// Turns what the libraries below throw into the errors that users see. Each room that uses such a library registers a translator for
/// its exceptions; what no translator knows is translated here.
/// </summary>
internal static class ErrorTranslation
{
    private const int LongestSentence = 2000;

    private static volatile Func<Exception, object?, SpotTrainerException?>[] translators = [];

    /// <summary>Sets the translators. They are asked in order; the first one that knows an exception counts.</summary>
    /// <param name="all">Each takes the exception and the object it concerns, and returns null for an unknown exception.</param>
    public static void Use(params Func<Exception, object?, SpotTrainerException?>[] all) => translators = all;

    /// <summary>Returns the error that a user sees for an exception. A <see cref="SpotTrainerException"/> is returned as it is.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="target">The object it concerns.</param>
    public static SpotTrainerException Translate(Exception exception, object? target) => exception as SpotTrainerException
        ?? translators.Select(translate => translate(exception, target)).FirstOrDefault(error => error is not null)
        ?? Known(exception, target)
        ?? new SpotTrainerException("Unexpected", ErrorKind.NotSpecified, FirstSentence(exception.Message),
            "Run the command again with -Verbose. If the error persists, report it with the command, but without passwords and keys.", target,
            exception);

    /// <summary>The error of a connection that broke.</summary>
    public static SpotTrainerException ConnectionLost(Exception exception, object? target) => new(
        "ConnectionFailed", ErrorKind.ConnectionError, $"The connection was lost: {FirstSentence(exception.Message)}",
        "Check with Get-SpotTrainingInstance whether the instance is still running, and try again.", target, exception);

    /// <summary>
    /// Returns the first line of what a library or a host says as a sentence. Users cannot act on the details in the rest, and a host can
    /// say anything, at any length.
    /// </summary>
    public static string FirstSentence(string text)
    {
        var line = Shorten(text.Split('\n')[0].Trim(), LongestSentence);
        return line.Length == 0 || line.EndsWith(".", StringComparison.Ordinal) ? line : line + ".";
    }

    /// <summary>Cuts off what is longer than anybody reads.</summary>
    /// <param name="text">The text.</param>
    /// <param name="most">The most characters that are kept.</param>
    public static string Shorten(string text, int most) => text.Length <= most ? text
        : text.Substring(0, char.IsHighSurrogate(text[most - 1]) ? most - 1 : most) + "...";

    private static SpotTrainerException? Known(Exception exception, object? target) => exception switch
    {
        SocketException or HttpRequestException or IOException { InnerException: SocketException } => ConnectionLost(exception, target),
#if NET
        // Some libraries do not wrap this exception as HttpClient usually does. A response that ended early is not a disk error.
        HttpIOException => ConnectionLost(exception, target),
#endif
        UnauthorizedAccessException => new("AccessDenied", ErrorKind.PermissionDenied, FirstSentence(exception.Message),
            "Choose a location that you can write to.", target, exception),
        IOException => new("FileFailed", ErrorKind.InvalidOperation, FirstSentence(exception.Message),
            "Check the file and the disk, and try again.", target, exception),
        OperationCanceledException or TimeoutException => new("TimedOut", ErrorKind.OperationTimeout, "No response arrived in time.",
            "Try again.", target, exception),
        _ => null,
    };
}
