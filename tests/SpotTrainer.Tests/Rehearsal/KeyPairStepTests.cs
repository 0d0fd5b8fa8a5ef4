using System.Collections;
using System.Management.Automation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal;

/// <summary>Key pairs as a user sees them, checked with Debian's <c>aws</c>, <c>ssh-keygen</c> and <c>puttygen</c>.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class KeyPairStepTests(RehearsalSession session) : IClassFixture<PuttyTools>, IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await DebianPackages.EnsureAsync("awscli");

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("Ed25519", "", "")]
    [InlineData("RSA", " -Bits 2048", "")]
    [InlineData("ECDSA", " -Bits 384", " -LocalOnly")]
    public async Task A_key_pair_is_created_with_a_PuTTY_file_and_aws_sees_it_in_EC2(string algorithm, string size, string local)
    {
        var name = $"made-{algorithm}";
        var pair = Assert.Single(session.Require($"New-TrainingKeyPair {name} -Algorithm {algorithm}{size}{local} -Putty").Output);
        var (key, putty) = (Text(pair, "KeyPath"), Text(pair, "PuttyKeyPath"));
        var shown = (await Programs.RunAsync("ssh-keygen", "-l", "-f", key)).Succeeded().Split(' ');
        Assert.Equal(shown[1], Text(pair, "Fingerprint"));
        Assert.Equal($"({algorithm.ToUpperInvariant()})", shown[^1].Trim());
        Assert.Equal(size.Length == 0 ? "256" : size.Split(' ')[^1], shown[0]);
        Assert.Equal(
            (await Programs.RunAsync("ssh-keygen", "-y", "-f", key)).Succeeded().Split(' ')[1],
            (await Programs.RunAsync("puttygen", putty, "-O", "public-openssh", "-o", "/dev/stdout")).Succeeded().Split(' ')[1].Trim());
        Assert.All([key, putty], file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));

        var seen = await AwsAsync($"describe-key-pairs --filters Name=key-name,Values={name} --query KeyPairs[].[KeyFingerprint,Tags[0].Key,Tags[0].Value] --output text");
        if (local.Length > 0)
        {
            Assert.Empty(seen);
            Assert.Equal("LocalOnly", Text(pair, "State"));
        }
        else
        {
            var expected = algorithm == "RSA"
                ? (await Programs.RunAsync("bash", "-c", $"set -o pipefail; ssh-keygen -e -m PKCS8 -f '{key}' | openssl pkey -pubin -outform DER | openssl md5 -c")).Succeeded().Split(' ')[^1].Trim()
                : shown[1]["SHA256:".Length..] + "=";
            Assert.Equal($"{expected}\tspottrainer:key\t{name}", seen);
            Assert.Equal(("Matched", expected), (Text(pair, "State"), Text(pair, "Ec2Fingerprint")));
        }

        session.Require($"Remove-TrainingKeyPair {name} -Confirm:$false");
        Assert.Equal((false, false), (File.Exists(key), File.Exists(putty)));
        Assert.Empty(await AwsAsync($"describe-key-pairs --filters Name=key-name,Values={name} --query KeyPairs[].KeyName --output text"));
    }

    [Fact]
    public async Task The_state_shows_what_is_local_and_what_is_in_EC2()
    {
        session.Require("$null = 'matched', 'local', 'cloud', 'differs', 'damaged' | ForEach-Object { New-TrainingKeyPair see-$_ }");
        await AwsAsync("delete-key-pair --key-name see-local");
        await AwsAsync("delete-key-pair --key-name see-differs");
        await AwsAsync("create-key-pair --key-name see-differs");
        await AwsAsync("create-key-pair --key-name see-strangers");
        File.Delete(KeyPath("see-cloud"));
        File.WriteAllText(KeyPath("see-damaged"), "-----BEGIN OPENSSH PRIVATE KEY-----\nmade for tests\n");
        var made = await AwsAsync("create-key-pair --key-name see-made --query KeyMaterial --output text");
        File.WriteAllText(KeyPath("see-made"), made + "\n");

        var result = session.Require("Get-TrainingKeyPair see-*");
        Assert.Equal(
            ["see-cloud CloudOnly", "see-damaged Unreadable", "see-differs Differs", "see-local LocalOnly", "see-made Matched",
                "see-matched Matched"],
            result.Output.Select(pair => $"{Text(pair, "Name")} {Text(pair, "State")}"));
        Assert.Contains(KeyPath("see-damaged"), Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.StartsWith("SHA256:", Text(result.Output[0], "Fingerprint"), StringComparison.Ordinal);
        Assert.Equal("see-matched", Text(Assert.Single(session.Require("Get-TrainingKeyPair see-ma?ched").Output), "Name"));
        Assert.Empty(session.Require("Get-TrainingKeyPair see-none").Output);

        // Another region has none of them.
        Assert.Equal(
            "LocalOnly", Text(Assert.Single(session.Require("Get-TrainingKeyPair see-matched -Region eu-west-1").Output), "State"));

        // Pipeline input removes all key pairs except those that are not ours. Those need their exact name and -Force.
        result = session.Run("Get-TrainingKeyPair see-* -WarningAction Ignore | Remove-TrainingKeyPair -Force -Confirm:$false");
        Assert.All(result.Errors, error => Assert.StartsWith("KeyPairNotOurs,", error.FullyQualifiedErrorId, StringComparison.Ordinal));
        Assert.Equal(["see-differs", "see-made"], result.Errors.Select(error => (string)error.TargetObject));
        Assert.Equal(["see-cloud", "see-damaged", "see-local", "see-matched"], result.Output.Select(pair => Text(pair, "Name")));
        Assert.All(result.Output, pair => Assert.Equal("Removed", Text(pair, "State")));
        session.Require("Remove-TrainingKeyPair see-differs, see-made, see-strangers -Force -Confirm:$false");
        Assert.Empty(session.Require("Get-TrainingKeyPair see-*").Output);
        Assert.Empty(await AwsAsync("describe-key-pairs --filters Name=key-name,Values=see-* --query KeyPairs[].KeyName --output text"));
    }

    [Fact]
    public async Task The_private_key_can_be_kept_and_WhatIf_keeps_both()
    {
        var pair = Assert.Single(session.Require("New-TrainingKeyPair keep").Output);
        Assert.Empty(session.Require("Remove-TrainingKeyPair keep -WhatIf").Output);
        Assert.Equal("Matched", Text(Assert.Single(session.Require("Get-TrainingKeyPair keep").Output), "State"));
        var left = Assert.Single(
            session.Require("[pscustomobject]@{ Name = 'keep' } | Remove-TrainingKeyPair -CloudOnly -Confirm:$false").Output);
        Assert.Equal("LocalOnly", Text(left, "State"));
        Assert.True(File.Exists(Text(pair, "KeyPath")));
        Assert.Empty(await AwsAsync("describe-key-pairs --filters Name=key-name,Values=keep --query KeyPairs[].KeyName --output text"));
        var error = Assert.Single(session.Run("Remove-TrainingKeyPair keep -CloudOnly -Confirm:$false").Errors);
        Assert.StartsWith("KeyPairNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        session.Require("Get-TrainingKeyPair keep | Remove-TrainingKeyPair -Confirm:$false");
        Assert.False(File.Exists(Text(pair, "KeyPath")));
    }

    [Fact]
    public void A_key_in_use_is_not_removed_and_a_key_that_others_can_read_is_not_used()
    {
        var machine = Assert.Single(
            session.Require("($global:Keyed = New-SpotTrainingInstance t3.large -Name keyed -KeyName keyed -MaxHours 1)").Output);
        var error = Assert.Single(session.Run("Remove-TrainingKeyPair keyed -Confirm:$false").Errors);
        Assert.StartsWith("KeyPairInUse,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ResourceBusy, error.CategoryInfo.Category);
        Assert.Contains(Text(machine, "InstanceId"), error.ToString(), StringComparison.Ordinal);

        // Use a copy, because a connection with the instance's own key is already open.
        var copy = Text(machine, "KeyPath") + ".copy";
        File.Copy(Text(machine, "KeyPath"), copy);
        File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        const string Connect =
            "Connect-TrainingHost $Keyed.HostName $Keyed.UserName -Port $Keyed.Port -KeyPath $copy -HostKey $Keyed.HostKeys";
        error = Assert.Single(session.Run(Connect, ("copy", copy)).Errors);
        Assert.StartsWith("KeyTooOpen,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.SecurityError, error.CategoryInfo.Category);
        Assert.Contains("0640", error.ToString(), StringComparison.Ordinal);
        File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        session.Require(Connect, ("copy", copy));
        File.Delete(copy);

        session.Require("$null = $Keyed | Remove-SpotTrainingInstance; Remove-TrainingKeyPair keyed -Confirm:$false");
    }

    [Theory]
    [InlineData("New-TrainingKeyPair no -Algorithm ECDSA", "AlgorithmNotImportable", ErrorCategory.InvalidArgument)]
    [InlineData("New-TrainingKeyPair no -Bits 4096", "BitsInvalid", ErrorCategory.InvalidArgument)]
    [InlineData("New-TrainingKeyPair ../no -LocalOnly", "NameInvalid", ErrorCategory.InvalidArgument)]
    [InlineData("New-TrainingKeyPair con", "NameInvalid", ErrorCategory.InvalidArgument)]
    [InlineData("New-TrainingKeyPair Schl\u00fcssel", "NameInvalid", ErrorCategory.InvalidArgument)]
    [InlineData("New-TrainingKeyPair no -LocalOnly -ProfileName somebody", "RehearsalActive", ErrorCategory.InvalidOperation)]
    [InlineData("Remove-TrainingKeyPair no -Confirm:$false", "KeyPairNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Remove-TrainingKeyPair ../no -Confirm:$false", "NameInvalid", ErrorCategory.InvalidArgument)]
    public void Bad_input_is_one_error(string command, string id, ErrorCategory category)
    {
        var error = Assert.Single(session.Run(command).Errors);
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.NotEmpty(ModuleResult.NextStep(error));
        Assert.Empty(session.Require("Get-TrainingKeyPair no").Output);
    }

    [Fact]
    public void Local_names_are_completed()
    {
        session.Require("$null = New-TrainingKeyPair complete-one -LocalOnly; $null = New-TrainingKeyPair complete-two");
        foreach (var command in new[] { "Get-TrainingKeyPair ", "Remove-TrainingKeyPair -Name ",
            "New-SpotTrainingInstance t3.large -KeyName " })
        {
            var line = command + "compl";
            Assert.Equal(["complete-one", "complete-two"], CommandCompletion(line));
        }

        session.Require("Remove-TrainingKeyPair complete-one, complete-two -Confirm:$false");
    }

    private IEnumerable<string> CommandCompletion(string line) => session.Require(
        "[System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText",
        ("line", line)).Output.Select(text => (string)text.BaseObject);

    private static string Text(PSObject value, string property) => $"{value.Properties[property].Value}";

    private string KeyPath(string name) =>
        Path.Combine(
            Path.GetDirectoryName(Text(Assert.Single(session.Require("Get-TrainingKeyPair see-matched").Output), "KeyPath"))!,
            name + ".pem");

    private async Task<string> AwsAsync(string command)
    {
        var environment = (IDictionary)session.Rehearsal.Properties["Environment"].Value;
        var start = Programs.Describe(
            ["/usr/bin/aws", "ec2", .. command.Split(' '), "--endpoint-url", (string)environment["AWS_ENDPOINT_URL"]!, "--no-cli-pager"]);
        foreach (DictionaryEntry variable in environment)
        {
            start.Environment[(string)variable.Key] = (string)variable.Value!;
        }

        start.Environment["AWS_CONFIG_FILE"] = start.Environment["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
        start.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        return (await Programs.RunAsync(start)).Succeeded().Trim();
    }
}
