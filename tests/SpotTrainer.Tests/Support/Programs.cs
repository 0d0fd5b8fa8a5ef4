using System.Diagnostics;

namespace SpotTrainer.Tests.Support;

/// <summary>Runs programs of the system to their end.</summary>
internal static class Programs
{
    internal sealed record Result(int Status, string Output, string Error)
    {
        /// <summary>The output of a program that must succeed.</summary>
        public string Succeeded()
        {
            Assert.True(Status == 0, $"exit status {Status}\n{Output}\n{Error}");
            return Output;
        }
    }

    public static Task<Result> RunAsync(params string[] command) => RunAsync(command, "");

    public static Task<Result> RunAsync(string[] command, string input) => RunAsync(Describe(command), input);

    /// <summary>Runs a program whose start is described in full, such as with an environment of its own.</summary>
    public static async Task<Result> RunAsync(ProcessStartInfo start, string input = "")
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return new Result(process.ExitCode, await output, await error);
    }

    public static Process Start(params string[] command) => Process.Start(Describe(command))!;

    /// <summary>A program's start, with its standard streams to be written and read.</summary>
    public static ProcessStartInfo Describe(params string[] command)
    {
        var start = new ProcessStartInfo(command[0])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        // PuTTY's programs would leave one in the user's folder, or in that of a test which runs beside this one.
        start.Environment["PUTTYRANDOMSEED"] = "/dev/null";
        return start;
    }

    /// <summary>Waits until a condition holds; fails, with what it says then, after a minute.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> otherwise)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromMinutes(1); await Task.Delay(30))
        {
            if (await condition())
            {
                return;
            }
        }

        Assert.Fail(otherwise());
    }

    /// <summary>The processes of this computer in whose command line a text stands.</summary>
    public static IReadOnlyList<string> With(string text) =>
        [.. Directory.EnumerateDirectories("/proc")
            .Where(path => Path.GetFileName(path).All(char.IsAsciiDigit))
            .Select(CommandLine)
            .Where(line => line.Contains(text, StringComparison.Ordinal))];

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }
}
