using System.Diagnostics;

namespace SpotTrainer.Tests.Support;

/// <summary>Runs programs until they end.</summary>
internal static class Programs
{
    internal sealed record Result(int Status, string Output, string Error)
    {
        /// <summary>Returns the output, and fails if the program did not succeed.</summary>
        public string Succeeded()
        {
            Assert.True(Status == 0, $"exit status {Status}\n{Output}\n{Error}");
            return Output;
        }
    }

    public static Task<Result> RunAsync(params string[] command) => RunAsync(command, "");

    public static Task<Result> RunAsync(string[] command, string input) => RunAsync(Describe(command), input);

    /// <summary>Runs a program from a full description, such as one with its own environment variables.</summary>
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

    /// <summary>Describes how to start a program with redirected standard streams.</summary>
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

        // PuTTY's programs would leave a seed file in the user's folder or in the folder of a test that runs at the same time.
        start.Environment["PUTTYRANDOMSEED"] = "/dev/null";
        return start;
    }

    /// <summary>Waits until a condition is true, and fails with a message after a minute.</summary>
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

    /// <summary>Returns the command lines of this computer's processes that contain a text.</summary>
    public static IReadOnlyList<string> With(string text) =>
        [.. Directory.EnumerateDirectories("/proc")
            .Where(path => Path.GetFileName(path).All(char.IsAsciiDigit))
            .Select(CommandLine)
            .Where(line => line.Contains(text, StringComparison.Ordinal))];

    /// <summary>Returns the command line of a process; nothing if it has ended.</summary>
    /// <param name="process">Its folder in <c>/proc</c>.</param>
    public static string CommandLine(string process)
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
