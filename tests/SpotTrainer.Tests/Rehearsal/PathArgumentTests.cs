using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal;

/// <summary>Paths as users have and type them, in every cmdlet that takes one.</summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class PathArgumentTests(RehearsalSession session) : IDisposable
{
    private const string HostKey = "-HostKey SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    private static readonly SshPrivateKey Key = SshPrivateKey.MakeRsa(2048, "made-for-tests");

    private readonly TemporaryFolder folder = new();

    /// <summary>One command for each parameter that takes a path, and for pipelines into such cmdlets, with <c>$text</c>.</summary>
    public static TheoryData<string> PathParameters => [.. Conversions,
        "$text | ConvertTo-PuttyKey",
        "$text | ConvertFrom-PuttyKey",
        "ConvertTo-PuttyKey -Path $key -Destination $text",
        "ConvertFrom-PuttyKey -Path $key -Destination $text",
        $"Connect-TrainingHost 127.0.0.1 somebody -Port 9 -KeyPath $text {HostKey}",
        "$text | Connect-TrainingHost -UserName somebody -Port 9 -KeyPath $key",
        "Send-TrainingData -Instance $unreachable -Path $text",
        "Start-TrainingJob -Instance $unreachable -Path $text",
        "Get-TrainingNotebook -Path $text",
        "Get-TrainingNotebook -LiteralPath $text",
        "$text | Get-TrainingNotebook",
        "Test-TrainingNotebook -Path $text",
        "Test-TrainingNotebook -Path $key -EnvironmentFile $text",
        "Test-TrainingNotebook -Path $key -DataPath $text",
        "New-SpotTrainingInstance -InstanceType m7i.large -MaxHours 1 -KeyPath $text",
        "Test-SpotTrainingPlan -InstanceType m7i.large -MaxHours 1 -KeyPath $text",
        "Test-SpotTrainingPlan -InstanceType m7i.large -MaxHours 1 -Path $text"];

    private static string[] Conversions =>
    [
        "ConvertTo-PuttyKey -Path $text", "ConvertTo-PuttyKey -LiteralPath $text", "ConvertFrom-PuttyKey -Path $text",
        "ConvertFrom-PuttyKey -LiteralPath $text",
    ];

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("key[1].pem", 1)]
    [InlineData("./key[1].pem", 1)]
    [InlineData("key`[1`].pem", 1)]
    [InlineData("*.pem", 3)]
    [InlineData("[ab].pem", 2)]
    [InlineData("$PWD/*.pem", 3)]
    [InlineData("$PWD/key[1].pem", 1)]
    [InlineData("../keys [2024]/?.pem", 2)]
    public void Brackets_are_literal_where_the_file_exists_and_a_pattern_elsewhere(string path, int count)
    {
        var place = Place("a.pem", "b.pem", "key[1].pem");
        var result = In(place, $"ConvertTo-PuttyKey '{path.Replace("$PWD", place, StringComparison.Ordinal)}' -Force");
        Assert.Empty(result.Errors);
        Assert.Equal(count, result.Output.Count);
        Assert.Equal(count, Directory.GetFiles(place, "*.ppk").Length);
    }

    [Theory]
    [InlineData("none[1].pem")]
    [InlineData("none*.pem")]
    [InlineData("nowhere [2024]/*.pem")]
    [InlineData("/nowhere [2024]/*.pem")]
    [InlineData("a.pem[1]")]
    [InlineData("a[.pem")]
    [InlineData("a[*.pem")]
    public void What_matches_nothing_is_an_error_in_every_conversion(string path)
    {
        var place = Place("a.pem");
        foreach (var command in Conversions)
        {
            var error = Assert.Single(In(place, command, ("text", path)).Errors);
            Assert.StartsWith("KeyNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal(Path.GetFullPath(path, place), error.TargetObject);
        }
    }

    [Fact]
    public void Every_other_path_is_literal_too()
    {
        var place = Place("key[1].pem", "data [1].csv");
        File.WriteAllText(Path.Combine(place, "train [1].py"), "print(1)");
        Directory.CreateDirectory(Path.Combine(place, "out [1]"));
        foreach (var command in new[]
        {
            "Send-TrainingData -Instance $unreachable -Path 'data [1].csv' -WhatIf",
            "Send-TrainingData -Instance $unreachable -Path 'data `[1`].csv' -WhatIf",
            "Start-TrainingJob -Instance $unreachable -Path 'train [1].py' -WhatIf",
            "New-SpotTrainingInstance -InstanceType m7i.large -MaxHours 1 -KeyPath 'key[1].pem' -WhatIf",
            "ConvertTo-PuttyKey 'key[1].pem' -Destination 'out [1]'",
        })
        {
            Assert.Empty(In(place, command).Errors);
        }

        Assert.True(File.Exists(Path.Combine(place, "out [1]", "key[1].ppk")));
        foreach (var (command, id) in new[]
        {
            ("Send-TrainingData -Instance $unreachable -Path 'none [1].csv'", "DataNotFound"),
            ("Start-TrainingJob -Instance $unreachable -Path 'none [1].py'", "NotebookNotFound"),
            ("Start-TrainingJob -Instance $unreachable -Path /tmp/Missing2024Folder/Notebook", "NotebookNotFound"),
            ("New-SpotTrainingInstance -InstanceType m7i.large -MaxHours 1 -KeyPath 'none[1].pem'", "KeyNotFound"),
            ($"Connect-TrainingHost 127.0.0.1 somebody -Port 9 -KeyPath 'none[1].pem' {HostKey}", "KeyNotFound"),
            ($"Connect-TrainingHost 127.0.0.1 somebody -Port 9 -KeyPath 'key[1].pem' {HostKey}", "HostUnreachable"),
        })
        {
            Assert.StartsWith(id + ",", Assert.Single(In(place, command).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        }

        // The names of key pairs are names of files.
        Assert.Single(In(place, "New-TrainingKeyPair 'pair[1]' -LocalOnly | ConvertTo-PuttyKey -Destination 'out [1]/pair[2].ppk'").Output);
        Assert.Single(In(place, "Get-TrainingKeyPair 'pair[1]'").Output);
        Assert.Single(In(place, "Remove-TrainingKeyPair 'pair[1]' -Confirm:$false").Output);
    }

    [Theory]
    [InlineData("Env:PATH")]
    [InlineData("NoSuchDrive:/key.pem")]
    public void A_path_on_no_drive_of_the_file_system_is_named(string path)
    {
        foreach (var command in PathParameters.Select(row => row.Data).Where(command => command[0] != '$'))
        {
            var error = Assert.Single(In(Place("key.pem"), command, ("text", path)).Errors);
            Assert.Equal((command, path), (command, error.TargetObject));
            Assert.StartsWith("PathNotFile,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(PathParameters))]
    public void Text_of_a_key_is_never_shown(string command)
    {
        var place = Place("key.pem");
        byte[][] contents =
        [
            PemKeyFormat.WriteTraditional(Key, passphrase: null), OpenSshKeyFormat.Write(Key, passphrase: null), PuttyKeyFormat.Write(Key),
            [.. System.Text.Encoding.UTF8.Preamble, .. PemKeyFormat.WritePkcs8(Key, passphrase: null)],
        ];
        foreach (var content in command == Conversions[0] ? contents : contents[..1])
        {
            var file = Path.Combine(place, "text");
            File.WriteAllBytes(file, content);
            var literal = File.ReadAllText(file);
            string[] scripts =
            [
                $"$text = Get-Content -LiteralPath '{file}' -Raw; {command}",
                $"$text = Get-Content -LiteralPath '{file}'; {command}",

                // A line alone may be the name of a new file.
                .. command.Contains("-Destination", StringComparison.Ordinal) ? Array.Empty<string>()
                    : [$"Get-Content -LiteralPath '{file}' | ForEach-Object {{ $text = $_; {command} }}"],
                command.Replace("$text", $"'{literal}'", StringComparison.Ordinal),
            ];
            foreach (var script in scripts)
            {
                var result = In(place, $"$Error.Clear(); {script} *>&1");
                var shown = result.Output.Concat(result.Errors.Select(error => PSObject.AsPSObject(error)))
                    .Concat(session.Run("$Error").Output).ToArray();
                Assert.NotEmpty(shown);
                var all = string.Join('\n', session.Run(
                    "$shown | ForEach-Object { \"$_\"; $_ | Get-Error | Out-String -Width 9999; "
                    + "[System.Management.Automation.PSSerializer]::Serialize($_, 3) }",
                    ("shown", shown)).Output);

                // PowerShell itself refuses several lines where it expects one path.
                Assert.Matches("ArgumentIsKeyText|CannotConvertArgument", all);
                Assert.All(literal.Split('\n').Where(line => line.Length >= 20 && !line.Contains(' ', StringComparison.Ordinal)),
                    line => Assert.DoesNotContain(line, all, StringComparison.Ordinal));
            }
        }
    }

    [Theory]
    [InlineData("//")]
    [InlineData("///")]
    [InlineData("/")]
    public void A_line_of_a_key_that_begins_with_slashes_is_not_shown(string slashes)
    {
        var line = slashes + "U99UF9196foWaJ2Ta4UgzpSl5NtrwMkWPckdhwAV5BL3V3roAb/x";
        foreach (var command in PathParameters.Select(row => row.Data)
            .Where(command => !command.Contains("-Destination", StringComparison.Ordinal)))
        {
            var error = Assert.Single(In(Place("key.pem"), command, ("text", line)).Errors);
            Assert.StartsWith("ArgumentIsKeyText,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.DoesNotContain(line, error.ToString(), StringComparison.Ordinal);
        }
    }

    private string Place(params string[] keys)
    {
        var place = folder[$"OneDrive - X {Guid.NewGuid():N}/keys [2024]"];
        Directory.CreateDirectory(place);
        foreach (var key in keys)
        {
            PrivateFile.Write(Path.Combine(place, key), OpenSshKeyFormat.Write(Key, passphrase: null), overwrite: false);
        }

        return place;
    }

    /// <summary>
    /// Runs a script in a folder, with the arguments as its variables. As at a prompt, there is no try around it, which would end a loop.
    /// </summary>
    private ModuleResult In(string place, string script, params (string Name, object Value)[] arguments) => session.Run(
        $"Push-Location -LiteralPath $place\n{script}\nPop-Location",
        [("place", place), ("key", Path.Combine(place, "key.pem")), ("unreachable", session.HostOfTheModule()), .. arguments]);
}
