using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Enter-TrainingHost opens a terminal with the system's ssh, as a person at a terminal meets it.</summary>
[Trait("Speed", "Slow")]
public sealed class EnterHostTests : IClassFixture<PuttyTools>, IDisposable
{
    /// <summary>The same shell for everybody who runs the tests.</summary>
    private const string Shell = "env PS1='inside> ' bash --norc -i";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_terminal_takes_keys_sizes_and_Ctrl_C_and_returns_the_exit_code()
    {
        using var server = await SshServer.StartAsync(folder, "-t ed25519", await KeyAsync(), command: Shell);
        await using var screen = await TmuxScreen.RunShellAsync();
        await PrepareAsync(screen, $"""
            $env:TMPDIR = $temporary = '{Directory.CreateDirectory(folder["tmp"]).FullName}'
            $there = {Connect(server)}
            $Error.Clear()
            """);
        await TypeAsync(screen, "$there | Enter-TrainingHost");
        await screen.WaitForAsync("inside>");
        await TypeAsync(screen, "tty && stty size");
        await screen.WaitForAsync("\n24 80\n");
        Assert.Contains("/dev/pts/", await screen.ReadAsync(), StringComparison.Ordinal);

        await screen.ResizeAsync(100, 30);
        await Programs.UntilAsync(
            async () =>
            {
                await TypeAsync(screen, "stty size");
                return (await screen.ReadAsync()).Contains("\n30 100\n", StringComparison.Ordinal);
            },
            () => "The terminal never had the new size.");

        // Ctrl+C ends the remote program, and neither ssh nor the cmdlet.
        await TypeAsync(screen, "clear; sh -c 'echo be\"\"gins; exec sleep 1000'; echo ended by $?");
        await screen.WaitForAsync("begins");
        await screen.SendAsync("C-c");
        await screen.WaitForAsync("^C\ninside>");

        // A program that uses the whole screen.
        await TypeAsync(screen, "echo whole > file; seq 1000 >> file; less file");
        await screen.WaitForAsync("whole\n1\n2\n");
        await screen.SendAsync("q");

        await TypeAsync(screen, "clear; exit 7");
        await screen.WaitForAsync("closed.\nPS ");
        await TypeAsync(screen, "\"code $LASTEXITCODE, errors '$Error', left '$(Get-Item $temporary/spottrainer-ssh-*)'\"");
        await screen.WaitForAsync("code 7, errors '', left ''");
    }

    /// <summary>Whenever it comes, there is a prompt: ours, or the host's, and nothing is left behind. SPOTTRAINER_FULL=1 tries a hundred moments.</summary>
    [Fact]
    public async Task Ctrl_C_at_any_moment_leaves_a_prompt()
    {
        using var server = await SshServer.StartAsync(folder, "-t ed25519", await KeyAsync(), command: Shell);
        await using var screen = await TmuxScreen.RunShellAsync();
        var temporary = Directory.CreateDirectory(folder["tmp"]).FullName;
        await PrepareAsync(screen, $"$env:TMPDIR = '{temporary}'; $there = {Connect(server)}");
        var random = new Random(20_260_711);
        var inside = 0;
        for (var moments = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 100 : 12; moments > 0; moments--)
        {
            await screen.WaitForReadAsync();
            await TypeAsync(screen, "clear; Enter-TrainingHost $there");
            await Task.Delay(random.Next(800), TestContext.Current.CancellationToken);
            await screen.SendAsync("C-c");
            var last = await PromptAsync(screen);
            if (last.StartsWith("inside>", StringComparison.Ordinal))
            {
                inside++;
                await TypeAsync(screen, "exit");
                await screen.WaitForAsync("closed.\nPS ");
            }

            Assert.Empty(Directory.GetFileSystemEntries(temporary, "spottrainer-ssh-*"));
            Assert.Empty(Programs.With(temporary + "/spottrainer-ssh-"));
        }

        await TypeAsync(screen, "clear; Enter-TrainingHost $there");
        await screen.WaitForAsync("inside>");
        Assert.NotEqual(0, inside);
    }

    [Fact]
    public async Task A_jump_host_is_on_the_way()
    {
        var key = await KeyAsync();
        using var server = await SshServer.StartAsync(folder, "-t ed25519", key, command: Shell);
        await using var screen = await TmuxScreen.RunShellAsync();
        using (var jump = await SshServer.StartAsync(folder, "-t ecdsa -b 256", key))
        {
            // As it crosses a process: only so can a host get a jump host here.
            await PrepareAsync(screen, $$"""
                $there, $jump = ({{Connect(server)}}), ({{Connect(jump)}}) | ForEach-Object {
                    $saved = $_ | Select-Object HostName, Port, UserName, KeyPath, HostKeys, JumpHost
                    $saved.PSTypeNames.Insert(0, 'Deserialized.SpotTrainer.Remote.TrainingHost')
                    $saved
                }
                $there.JumpHost = $jump
                """);
            await TypeAsync(screen, "Enter-TrainingHost $there");
            await screen.WaitForAsync("inside>");
        }

        await screen.WaitForAsync("ssh ended with exit code 255");
        await TypeAsync(screen, "$Error[0].FullyQualifiedErrorId + \" $LASTEXITCODE\"");
        await screen.WaitForAsync("SshFailed,SpotTrainer.Remote.EnterTrainingHostCommand 255");
    }

    [Fact]
    public async Task What_cannot_work_says_what_to_do()
    {
        var key = await KeyAsync();
        (await Programs.RunAsync("puttygen", folder["key.pem"], "-o", folder["key.ppk"])).Succeeded();
        using var server = await SshServer.StartAsync(folder, "-t ed25519", key);
        await using var screen = await TmuxScreen.RunShellAsync(folder.Write("s.ps1", $$"""
            $there = {{Connect(server)}}
            $putty = {{Connect(server).Replace("key.pem", "key.ppk", StringComparison.Ordinal)}}
            function Show-Error([scriptblock] $Script) { $Error.Clear(); & $Script 2> $null; $Error[0].FullyQualifiedErrorId.Split(',')[0] + ': ' + $Error[0].Exception.NextStep }
            Show-Error { $there, $there | Enter-TrainingHost }
            Show-Error { $putty | Enter-TrainingHost }
            $path = $env:PATH
            $env:PATH = '{{folder.Path}}'
            Show-Error { $there | Enter-TrainingHost }
            $env:PATH = $path
            """));

        var seen = (await screen.WaitForAsync("exit code")).Replace("\n", "", StringComparison.Ordinal);

        Assert.Contains("OneHostOnly: Use one host.", seen, StringComparison.Ordinal);
        Assert.Contains($"KeyIsPutty: Convert it: ConvertFrom-PuttyKey '{folder["key.ppk"]}'", seen, StringComparison.Ordinal);
        Assert.Contains("SshMissing: Install it, on Debian and Ubuntu with: sudo apt-get install -y openssh-client", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_terminal_there_is_an_error()
    {
        using var server = await SshServer.StartAsync(folder, "-t ed25519", await KeyAsync());

        var (_, output, _) = await ShellProcess.RunAsync(
            "-Command", $"$there = {Connect(server)}; try {{ Enter-TrainingHost $there -ErrorAction Stop }} catch {{ $_.FullyQualifiedErrorId }}");

        Assert.Equal("NoTerminal,SpotTrainer.Remote.EnterTrainingHostCommand\n", output);
    }

    /// <summary>Runs a script at the prompt.</summary>
    private async Task PrepareAsync(TmuxScreen screen, string script)
    {
        await screen.WaitForAsync("PS ");
        await TypeAsync(screen, $". {folder.Write("s.ps1", script + "\n'is' + ' ready'")}");
        await screen.WaitForAsync("is ready");
    }

    /// <summary>Waits until the last line is the start of a prompt, and stays it.</summary>
    private static async Task<string> PromptAsync(TmuxScreen screen)
    {
        var (before, last, seen) = ("", "", "");
        await Programs.UntilAsync(
            async () =>
            {
                (before, last) = (last, (seen = await screen.ReadAsync()).Split('\n')[^1].Replace("^C", "", StringComparison.Ordinal));
                return last == before && (last.StartsWith("inside>", StringComparison.Ordinal)
                    || (last.StartsWith("PS ", StringComparison.Ordinal) && last.EndsWith('>')));
            },
            () => $"There is no prompt:\n{seen}");
        return last;
    }

    private static async Task TypeAsync(TmuxScreen screen, string line) => await screen.SendAsync(line, "Enter");

    private string Connect(SshServer server) =>
        $"Connect-TrainingHost 127.0.0.1 {Environment.UserName} -Port {server.Port} -KeyPath '{folder["key.pem"]}' -HostKey {server.Fingerprint}";

    private async Task<string> KeyAsync()
    {
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "made-for-tests", "-f", folder["key.pem"])).Succeeded();
        return folder["key.pem.pub"];
    }
}
