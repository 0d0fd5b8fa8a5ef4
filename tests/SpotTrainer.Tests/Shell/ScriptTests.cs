using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Shell;

[Trait("Speed", "Slow")]
public sealed class ScriptTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("exit 0", 0)]
    [InlineData("/bin/false", 0)]
    [InlineData("/bin/false; exit 0", 0)]
    [InlineData("throw 'no'", 1)]
    [InlineData("Get-Nothing; 'goes on'", 0)]
    public async Task The_exit_code_is_the_scripts_own(string text, int expected)
    {
        var (code, _, _) = await ShellProcess.RunAsync(folder.Write("s.ps1", text));

        Assert.Equal(expected, code);
    }

    [Theory]
    [InlineData("/bin/false", 1)]
    [InlineData("/bin/true", 0)]
    [InlineData("Get-Nothing", 1)]
    [InlineData("Get-Nothing; 1", 0)]
    [InlineData("exit 4", 4)]
    public async Task A_command_fails_with_its_last_step(string text, int expected)
    {
        var (code, _, _) = await ShellProcess.RunAsync("-Command", text);

        Assert.Equal(expected, code);
    }

    [Fact]
    public async Task A_terminating_error_and_its_place_stand_on_standard_error()
    {
        var (code, output, error) = await ShellProcess.RunAsync(folder.Write("s.ps1", "'before'\nthrow 'bad thing'\n'after'"));

        Assert.Equal(1, code);
        Assert.Equal("before\n", output);
        Assert.Contains("s.ps1:2\n", error, StringComparison.Ordinal);
        Assert.Contains("bad thing", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', error);
    }

    [Fact]
    public async Task A_cmdlets_error_says_what_to_do_next()
    {
        var (code, output, error) = await ShellProcess.RunAsync(
            "-Command",
            "Connect-TrainingHost 127.0.0.1 nobody -KeyPath /nowhere/key -HostKey SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");

        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.StartsWith("Connect-TrainingHost: The private key /nowhere/key does not exist.", error, StringComparison.Ordinal);
        Assert.Contains(
            "Check the path. With the path of a .pub file, the key must be in a running ssh-agent.\n",
            error,
            StringComparison.Ordinal);
        Assert.Equal(2, error.Split("Check the path.").Length);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-Name foo -Fast one -N 5 two", "foo|True|5|one two")]
    [InlineData("-Fast:$false -N:3 bar", "bar|False|3|")]
    [InlineData("-N -4 -Name -7", "-7|False|-4|")]
    [InlineData("it's 0 $env:HOME", "it's|False|0|$env:HOME")]
    public async Task Arguments_are_bound_as_the_script_declares_them(string arguments, string expected)
    {
        var script = folder.Write("s.ps1", """
            param([string]$Name, [switch]$Fast, [int]$N, [Parameter(ValueFromRemainingArguments)]$Rest)
            "$Name|$Fast|$N|$Rest"
            """);

        var (code, output, error) = await ShellProcess.RunAsync([script, .. arguments.Split(' ')]);

        Assert.Equal(expected + "\n", output);
        Assert.Empty(error);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task A_script_knows_its_folder_and_the_module()
    {
        var (_, output, _) = await ShellProcess.RunAsync(folder.Write("s.ps1", "$PSScriptRoot; (Get-Command Connect-TrainingHost).Source"));

        Assert.Equal($"{folder.Path}\nSpotTrainer\n", output);
    }

    [Fact]
    public async Task It_has_the_cmdlets_that_every_PowerShell_has_and_their_help()
    {
        var (code, output, error) = await ShellProcess.RunAsync(folder.Write("s.ps1", """
            $ErrorActionPreference = 'Stop'
            Write-Host (Get-ChildItem $PSScriptRoot).Name
            (Get-FileHash $PSCommandPath -Algorithm SHA256).Hash.Length
            @{ a = 1, 2 } | ConvertTo-Json -Compress
            (ConvertTo-SecureString secret -AsPlainText -Force).Length
            (Get-Module -ListAvailable Microsoft.PowerShell.Utility, Microsoft.PowerShell.Management, Microsoft.PowerShell.Security).Count
            (Get-Help Find-SpotOffer).Synopsis.Length -gt 0
            (Get-Help Get-ChildItem).Name
            """));

        Assert.Empty(error);
        Assert.Equal(["s.ps1", "64", "{\"a\":[1,2]}", "6", "3", "True", "Get-ChildItem"], output.TrimEnd().Split('\n'));
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task Nothing_of_the_users_is_loaded_and_nothing_is_told_to_others()
    {
        var profile = Directory.CreateDirectory(folder["home/.config/powershell"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(profile, "profile.ps1"), "'from the profile'", TestContext.Current.CancellationToken);
        using var shell = ShellProcess.Start(
            [
                "-Command",
                "$mine = $PROFILE.CurrentUserAllHosts; $mine; $env:POWERSHELL_TELEMETRY_OPTOUT; $env:POWERSHELL_UPDATECHECK; . $mine",
            ],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["HOME"] = folder["home"],
                ["XDG_CONFIG_HOME"] = folder["home/.config"],
            });

        Assert.Equal(0, await shell.WaitAsync());
        Assert.Equal($"{profile}/profile.ps1\n1\nOff\nfrom the profile\n", shell.Output);
    }

    [Fact]
    public async Task A_module_that_can_not_be_imported_is_told_and_nothing_runs()
    {
        var module = folder.Write("broken.psm1", "throw 'It is broken.'");
        using var shell = ShellProcess.Start(
            ["-Command", "1"], new Dictionary<string, string>(StringComparer.Ordinal) { ["SPOTTRAINER_MODULE"] = module });

        Assert.Equal(1, await shell.WaitAsync());
        Assert.Empty(shell.Output);
        Assert.Contains("It is broken.", shell.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_terminal_results_and_notes_have_no_colors()
    {
        var script = folder.Write("s.ps1", """
            [CmdletBinding()] param()
            Write-Warning careful; Write-Verbose details; Write-Host told
            [pscustomobject]@{ Name = 'a'; Size = 1 }
            """);

        var (_, output, error) = await ShellProcess.RunAsync(script, "-Verbose");

        Assert.Empty(error);
        Assert.StartsWith("WARNING: careful\nVERBOSE: details\ntold\n", output, StringComparison.Ordinal);
        Assert.Contains("Name Size", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', output);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-NonInteractive")]
    public async Task Without_a_terminal_a_question_fails_and_nothing_is_done(string option)
    {
        var script = folder.Write("s.ps1", """
            [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param()
            $ErrorActionPreference = 'Stop'
            if ($PSCmdlet.ShouldProcess('it', 'do')) { 'done' }
            """);
        string[] options = option.Length > 0 ? [option] : [];

        var (code, output, error) = await ShellProcess.RunAsync([.. options, script]);
        var (allowed, done, _) = await ShellProcess.RunAsync([.. options, script, "-Confirm:$false"]);

        Assert.Equal(1, code);
        Assert.DoesNotContain("done", output, StringComparison.Ordinal);
        Assert.Contains("ShouldProcess", error, StringComparison.Ordinal);
        Assert.Equal(0, allowed);
        Assert.Equal("done\n", done);
    }

    [Fact]
    public async Task Without_a_terminal_a_missing_parameter_is_named()
    {
        var (code, _, error) = await ShellProcess.RunAsync("-Command", "Connect-TrainingHost");

        Assert.Equal(1, code);
        Assert.Contains("HostName", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_command_line_is_told_apart()
    {
        var (code, _, error) = await ShellProcess.RunAsync("/nowhere/s.ps1");
        var (help, usage, _) = await ShellProcess.RunAsync("-h");

        Assert.Equal(64, code);
        Assert.Contains("'/nowhere/s.ps1'", error, StringComparison.Ordinal);
        Assert.Equal(0, help);
        Assert.Contains("Usage:", usage, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}
