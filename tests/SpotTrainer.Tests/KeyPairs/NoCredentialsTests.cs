using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.KeyPairs;

/// <summary>Key pairs of a user without an AWS account, in a separate process.</summary>
public sealed class NoCredentialsTests : IDisposable
{
    // Clears what the tests' own environment may have.
    private const string Forget = "'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN', 'PROFILE' | ForEach-Object { [Environment]::SetEnvironmentVariable(\"AWS_$_\", $null) }\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_local_key_pair_is_created_listed_and_removed_without_credentials_and_without_a_call()
    {
        var (code, output, error) = await RunAsync("""
            $pair = New-TrainingKeyPair outside -Algorithm ECDSA -LocalOnly -Putty
            "$($pair.Name) $($pair.State) $($pair.Where) $($pair.Algorithm)"
            $null = New-TrainingKeyPair plain -LocalOnly
            Get-TrainingKeyPair -WarningVariable told -WarningAction SilentlyContinue | ForEach-Object { "$($_.Name) $($_.State)" }
            [Console]::Error.WriteLine("$told")
            $pair | Remove-TrainingKeyPair -Confirm:$false | ForEach-Object { "$($_.Name) $($_.State)" }
            Get-TrainingKeyPair -WarningAction Ignore | ForEach-Object { "$($_.Name) $($_.State)" }
            """);
        Assert.Equal(
            (0, "outside LocalOnly local ecdsa-sha2-nistp256\noutside LocalOnly\nplain Unknown\noutside Removed\nplain Unknown\n"),
            (code, output));
        Assert.Contains("Only the key pairs on this computer are listed.", error, StringComparison.Ordinal);
        Assert.Equal("plain.pem", Path.GetFileName(Assert.Single(Directory.GetFiles(Path.Combine(folder.Path, "SpotTrainer", "keys")))));
    }

    [Fact]
    public async Task Only_the_private_key_is_removed_by_name_without_credentials()
    {
        var (code, output, error) = await RunAsync("""
            $null = New-TrainingKeyPair plain -LocalOnly
            try { Remove-TrainingKeyPair plain -LocalOnly -CloudOnly -Confirm:$false } catch { $_.FullyQualifiedErrorId }
            Remove-TrainingKeyPair plain -LocalOnly -Confirm:$false | ForEach-Object { "$($_.Name) $($_.State)" }
            """);
        Assert.Equal((0, "NothingToRemove,SpotTrainer.KeyPairs.RemoveTrainingKeyPairCommand\nplain Removed\n"), (code, output));
        Assert.Empty(error);
        Assert.Empty(Directory.GetFiles(Path.Combine(folder.Path, "SpotTrainer", "keys")));
    }

    [Fact]
    public async Task If_EC2_would_have_to_be_asked_there_is_one_error()
    {
        var (_, output, error) = await RunAsync(
            "$null = New-TrainingKeyPair plain -LocalOnly; Remove-TrainingKeyPair plain -Confirm:$false");
        Assert.Empty(output);
        Assert.Contains("No AWS credentials were found.", error, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Path.Combine(folder.Path, "SpotTrainer", "keys")));
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(string script)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = folder.Path,
            ["XDG_DATA_HOME"] = folder.Path,
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            ["AWS_CONFIG_FILE"] = "/dev/null",
            ["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null",
            ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9",
        };
        using var shell = ShellProcess.Start([folder.Write("script.ps1", Forget + script)], environment);
        return (await shell.WaitAsync(), shell.Output, shell.Error);
    }
}
