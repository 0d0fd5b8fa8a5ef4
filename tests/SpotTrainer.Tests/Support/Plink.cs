namespace SpotTrainer.Tests.Support;

/// <summary>PuTTY's command-line client. It never prompts (<c>-batch</c>) and reads the sessions from a folder.</summary>
internal static class Plink
{
    public static Task<Programs.Result> RunAsync(string folder, params string[] arguments) =>
        Programs.RunAsync(Describe(folder, arguments));

    /// <summary>Describes how to start it, for a test that runs it in the background or with other variables.</summary>
    public static System.Diagnostics.ProcessStartInfo Describe(string folder, params string[] arguments)
    {
        var start = Programs.Describe(["plink", "-batch", .. arguments]);
        start.Environment["PUTTYDIR"] = folder;
        return start;
    }
}
