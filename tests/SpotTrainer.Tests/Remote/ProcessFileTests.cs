using System.Diagnostics;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

public sealed class ProcessFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("dash")]
    [InlineData("bash")]
    public async Task Only_the_very_process_that_was_noted_is_found(string shell)
    {
        using var sleeper = Process.Start("sleep", "60");
        try
        {
            var pid = $"{sleeper.Id}";
            var noted = (await RunAsync(shell, $"note_process {pid}")).Output.Trim();
            Assert.Equal((0, pid + "\n"), await FindAsync(shell, noted));

            // After a reboot, or when the number was given to another process.
            var words = noted.Split(' ');
            Assert.Equal(3, words.Length);
            Assert.Equal((1, string.Empty), await FindAsync(shell, $"{pid} 00000000-0000-0000-0000-000000000000 {words[2]}"));
            Assert.Equal((1, string.Empty), await FindAsync(shell, $"{pid} {words[1]} 1"));
            foreach (var damaged in new[] { pid, $"{pid} {words[1]}", "", "-1 a b", "self a b", "../.. a b", "$(id) a b" })
            {
                Assert.Equal((1, string.Empty), await FindAsync(shell, damaged));
            }

            sleeper.Kill();
            await sleeper.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal((1, string.Empty), await FindAsync(shell, noted));
            Assert.Equal((1, string.Empty), await FindAsync(shell, (await RunAsync(shell, $"note_process {pid}")).Output.Trim()));
            Assert.Equal(1, (await RunAsync(shell, $"process_of {folder["none"]}")).Code);
        }
        finally
        {
            sleeper.Kill();
        }
    }

    private Task<(int Code, string Output)> FindAsync(string shell, string text) =>
        RunAsync(shell, $"process_of {folder.Write("pid", text.Length > 0 ? text + "\n" : text)}");

    private static async Task<(int Code, string Output)> RunAsync(string shell, string script)
    {
        var done = await Programs.RunAsync(shell, "-c", ProcessFile.Functions + script);
        return (done.Status, done.Output);
    }
}
