namespace SpotTrainer.Tests.Support;

/// <summary>PuTTY's own client on the command line, which asks nothing (<c>-batch</c>) and reads the sessions of a folder.</summary>
internal static class Plink
{
    public static Task<Programs.Result> RunAsync(string folder, params string[] arguments) => Programs.RunAsync(Describe(folder, arguments));

    /// <summary>Its start, to be run beside the test or with other variables.</summary>
    public static System.Diagnostics.ProcessStartInfo Describe(string folder, params string[] arguments)
    {
        var start = Programs.Describe(["plink", "-batch", .. arguments]);
        start.Environment["PUTTYDIR"] = folder;
        return start;
    }
}
