using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Shell;

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
    public async Task A_terminating_error_is_one_line_on_standard_error()
    {
        var (code, output, error) = await ShellProcess.RunAsync(folder.Write("s.ps1", "'before'\nthrow 'bad thing'"));

        Assert.Equal(1, code);
        Assert.Equal("before\n", output);
        Assert.Equal("s.ps1:2: bad thing\n", error);
    }

    [Fact]
    public async Task A_cmdlets_error_says_what_to_do_next()
    {
        var (code, output, error) = await ShellProcess.RunAsync(
            "-Command", "Connect-TrainingHost 127.0.0.1 nobody -KeyPath /nowhere/key -HostKey SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");

        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Equal("Connect-TrainingHost: The private key /nowhere/key is not there.\n  Copy the key there, or use Connect-TrainingHost -KeyPath with the machine's HostName, UserName and HostKey.\n", error);
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
    public async Task Notes_go_to_standard_error_and_results_to_standard_output()
    {
        var script = folder.Write("s.ps1", """
            [CmdletBinding()] param()
            $PSCmdlet.WriteWarning('careful'); $PSCmdlet.WriteVerbose('details'); $Host.UI.WriteLine('told')
            [pscustomobject]@{ Name = 'a'; Size = 1 }
            """);

        var (_, output, error) = await ShellProcess.RunAsync(script, "-Verbose");

        Assert.Equal("WARNING: careful\nVERBOSE: details\n", error);
        Assert.StartsWith("told\n", output, StringComparison.Ordinal);
        Assert.Contains("Name Size", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', output);
    }

    [Fact]
    public async Task Without_a_terminal_a_question_fails_and_names_the_way_out()
    {
        var script = folder.Write("s.ps1", """
            [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param()
            $ErrorActionPreference = 'Stop'
            if ($PSCmdlet.ShouldProcess('it', 'do')) { 'done' }
            """);

        var (code, output, error) = await ShellProcess.RunAsync(script);
        var (allowed, done, _) = await ShellProcess.RunAsync(script, "-Confirm:$false");

        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains("-Confirm:$false", error, StringComparison.Ordinal);
        Assert.Equal(0, allowed);
        Assert.Equal("done\n", done);
    }

    [Fact]
    public async Task Without_a_terminal_a_missing_parameter_is_named()
    {
        var (code, _, error) = await ShellProcess.RunAsync("-Command", "Connect-TrainingHost");

        Assert.Equal(1, code);
        Assert.Contains("KeyPath", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_command_line_is_told_apart()
    {
        var (code, output, error) = await ShellProcess.RunAsync("/nowhere/s.ps1");
        var (help, usage, _) = await ShellProcess.RunAsync("-h");

        Assert.Equal(64, code);
        Assert.Empty(output);
        Assert.StartsWith("There is no script /nowhere/s.ps1.", error, StringComparison.Ordinal);
        Assert.Equal(0, help);
        Assert.Contains("Usage:", usage, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();
}
