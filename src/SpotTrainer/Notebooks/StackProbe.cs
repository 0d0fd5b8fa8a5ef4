using System.Text.Json;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Notebooks;

/// <summary>Asks the Python of a stack which modules and kernels it has. It runs none of them.</summary>
internal static class StackProbe
{
    /// <summary>Asks for modules.</summary>
    /// <param name="host">The host.</param>
    /// <param name="prefix">The folder of the stack.</param>
    /// <param name="modules">The first parts of their names.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="SpotTrainerException"><c>RemoteCommandFailed</c>, and those of connecting.</exception>
    public static async Task<StackFacts> AskAsync(
        TrainingHost host, string prefix, IReadOnlyCollection<string> modules, StepContext context, CancellationToken cancellationToken)
    {
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);

        // The names are input, not arguments, which every user there can see.
        var output = await connection.RequireAsync(
            $"{ShellText.QuotePath(prefix + "/bin/python")} -c {ShellText.Quote(EmbeddedScript.Read("probe_stack.py"))}",
            "Asking the Python stack for its modules", cancellationToken, JsonSerializer.Serialize(modules));
        try
        {
            using var document = JsonDocument.Parse(output);
            return new StackFacts(
                Texts(document, "missing").Intersect(modules, StringComparer.Ordinal).ToArray(), Texts(document, "kernels"));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new SpotTrainerException("RemoteCommandFailed", ErrorKind.InvalidResult,
                $"The Python in {prefix} on {host} gave no answer about its modules.",
                "Install the stack again with Install-CondaStack.", host, exception);
        }
    }

    /// <summary>Requires that a stack can run a notebook in another language than Python 3.</summary>
    /// <exception cref="SpotTrainerException"><c>NotebookLanguage</c>, and those of asking.</exception>
    public static async Task RequireKernelAsync(
        TrainingHost host, string prefix, string path, NotebookKernel kernel, StepContext context, CancellationToken cancellationToken)
    {
        var stack = await AskAsync(host, prefix, [], context, cancellationToken);
        if (!stack.Kernels.Contains(kernel.Name, StringComparer.Ordinal))
        {
            throw NotebookErrors.Language(path, kernel, TitleOf(host));
        }
    }

    /// <summary>Returns what the stack of a host is called in messages.</summary>
    public static string TitleOf(TrainingHost host) => $"the stack of {host.Label}";

    private static string[] Texts(JsonDocument document, string name) =>
        document.RootElement.GetProperty(name).EnumerateArray().Select(item => item.GetString() ?? string.Empty).ToArray();
}
