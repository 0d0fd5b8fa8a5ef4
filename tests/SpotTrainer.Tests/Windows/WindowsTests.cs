using System.Management.Automation.Language;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Windows;

/// <summary>The module as a Windows program: what .NET for Windows does with it, and what Wine has of Windows.</summary>
[Trait("Speed", "Slow")]
public sealed class WindowsTests(WindowsComputer computer) : IClassFixture<WindowsComputer>
{
    private static readonly Dictionary<string, Func<WindowsTests, Task>> All = new(StringComparer.Ordinal)
    {
        ["The README's pipeline gives what it gives on Linux"] = test => test.PipelineAsync(),
        ["Only this user can read a key file, and one that others can read is refused"] = test => test.KeyFilesAsync(),
        ["PuTTY's sessions are in the registry"] = test => test.PuttySessionsAsync(),
        ["Two processes at once share keys, ledger, and caches under %LOCALAPPDATA%"] = test => test.TwoProcessesAsync(),
        ["A whole drive is sent, and a command with Windows' line ends runs"] = test => test.DriveAsync(),
        ["A German Windows reads and shows the same numbers"] = test => test.GermanAsync(),
        [".NET Framework's build converts keys, hashes, and makes certificates on Mono"] = _ => FrameworkProgram.RunAsync(),
        ["A reserved name and a rehearsal on Windows are refused"] = test => test.RefusalsAsync(),
    };

    /// <summary>One row if nobody asked for them, and otherwise one for each test.</summary>
    public static TheoryData<string> Subjects => WindowsComputer.Wanted ? new(All.Keys) : ["The module as a Windows program"];

    [Theory]
    [MemberData(nameof(Subjects))]
    public async Task Holds(string subject)
    {
        WindowsComputer.SkipUnlessPossible();
        await All[subject](this);
    }

    private async Task PipelineAsync()
    {
        static string Script(string name) => $$"""
            $null = New-TrainingKeyPair {{name}}
            $instance = Find-SpotOffer -MinVCpu 2 -First 5 | New-SpotTrainingInstance -Name {{name}} -KeyName {{name}} -Budget 0.25
            $removed = $instance |
                Install-CondaStack scikit-learn, pandas, matplotlib, notebook |
                Send-TrainingData data |
                Start-TrainingJob train.ipynb |
                Wait-TrainingJob |
                Receive-TrainingResult -Destination out |
                Remove-SpotTrainingInstance
            'the results:'
            "$($removed.State)"
            Get-ChildItem out -Recurse -File -Name | ForEach-Object { $_.Replace('\', '/') } | Sort-Object
            (Get-Content out/train.ipynb -Raw | ConvertFrom-Json).cells.Count
            Get-Content out/metrics.json | Where-Object { $_ -notmatch 'seconds' }
            """;
        var example = Path.Combine(BuildFacts.Root, "examples", "breast-cancer");
        using var linux = new TemporaryFolder();
        foreach (var folder in new[] { computer.Folder, linux.Path })
        {
            (await Programs.RunAsync("cp", "-r", Path.Combine(example, "data"), Path.Combine(example, "train.ipynb"), folder)).Succeeded();
        }

        var windows = await computer.RunAsync(Script("on-windows"), computer.Joined);
        Assert.Equal(["terminated", "metrics.json"], windows.Where(line => line is "terminated" or "metrics.json"));
        using var shell = ShellProcess.Start(
            ["-Command", $"$ErrorActionPreference = 'Stop'; Set-Location {linux.Path}\n" + Script("on-linux")],
            new Dictionary<string, string>(computer.Rehearsal, StringComparer.Ordinal));
        Assert.True(await shell.WaitAsync(WindowsComputer.Limit) == 0, shell.Output + shell.Error);
        Assert.Equal(Results(shell.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)), Results(windows));

        static IEnumerable<string> Results(string[] lines) => lines.SkipWhile(line => line != "the results:");
    }

    private async Task KeyFilesAsync()
    {
        var lines = await computer.RunAsync("""
            function Show-AccessList([string] $path) {
                $list = [System.IO.FileSystemAclExtensions]::GetAccessControl([System.IO.FileInfo]::new($path))
                $list.GetAccessRules($true, $true, [System.Security.Principal.SecurityIdentifier]) | ForEach-Object {
                    "may $($_.IdentityReference.Value) $($_.AccessControlType)"
                }
            }

            "user $([System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value)"
            $pair = New-TrainingKeyPair files -Putty
            Show-AccessList $pair.KeyPath
            Show-AccessList $pair.PuttyKeyPath
            $null = ConvertFrom-PuttyKey $pair.PuttyKeyPath -Destination own.pem
            $null = ConvertFrom-PuttyKey $pair.PuttyKeyPath -Destination own.pem -Force
            Show-AccessList "$pwd\own.pem"
            [System.IO.File]::WriteAllText("$pwd\open.pem", [System.IO.File]::ReadAllText($pair.KeyPath))
            'open'
            Show-AccessList "$pwd\open.pem"
            $hostKey = 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'
            try { Connect-TrainingHost 127.0.0.1 nobody -Port 9 -KeyPath open.pem -HostKey $hostKey }
            catch { "error $($_.FullyQualifiedErrorId) $_" }
            """, computer.AsAws);

        // Wine has no access lists of its own: it shows the mode's, with the system's full control.
        var user = lines[0]["user ".Length..];
        string[] own = ["may S-1-5-18 Allow", $"may {user} Allow"];
        Assert.Equal([.. own, .. own, .. own, "open", "may S-1-1-0 Allow", .. own], lines[1..^1]);
        Assert.StartsWith("error KeyTooOpen,", lines[^1], StringComparison.Ordinal);
        const string path = @"'C:\Daten Übung\open.pem'";
        var commands = Parser.ParseInput(lines[^1].Split("Run: ")[1], out _, out var errors)
            .FindAll(part => part is CommandAst, searchNestedScriptBlocks: false).Cast<CommandAst>();
        Assert.Empty(errors);
        Assert.Equal(
            [["icacls", path, "/reset"], ["icacls", path, "/inheritance:r", "/grant:r", "\"${env:USERNAME}:F\""]],
            commands.Select(command => command.CommandElements.Select(element => element.Extent.Text).ToArray()));
    }

    private async Task PuttySessionsAsync()
    {
        const string root = @"HKCU\Software\SimonTatham\PuTTY\";
        const string defaults = root + @"Sessions\Default%20Settings";
        await computer.WineAsync("reg", "add", defaults, "/v", "FontHeight", "/t", "REG_DWORD", "/d", "14", "/f");
        await computer.WineAsync("reg", "add", defaults, "/v", "TerminalType", "/d", "xterm-256color", "/f");
        var lines = await computer.RunAsync("""
            $null = New-TrainingKeyPair putty
            $instance = Find-SpotOffer -MinVCpu 2 -First 5 | New-SpotTrainingInstance -Name putty -KeyName putty -MaxHours 1
            $session = $instance | New-PuttySession -Name 'my session' -JupyterTunnel
            $null = ConvertFrom-PuttyKey $session.KeyPath -Destination 'Schlüssel 日本\鍵.pem'
            $machine = $instance | Select-Object HostName, UserName, Port, HostKeys |
                Connect-TrainingHost -KeyPath 'Schlüssel 日本\鍵.pem'
            $other = $machine | New-PuttySession -Name other
            try { $machine | New-PuttySession -Name 'Default Settings' } catch { "error $($_.FullyQualifiedErrorId)" }
            try { $machine | New-PuttySession -Name 'Größe' } catch { "error $($_.FullyQualifiedErrorId)" }
            "completes $((TabExpansion2 'Start-PuttySession -Name ' 25).CompletionMatches.CompletionText -join ' ')"
            "host $($instance.HostName)"
            "key $($session.KeyPath)"
            "store $($session.Store)"
            "other key $($other.KeyPath)"
            $file = Get-ItemPropertyValue HKCU:\Software\SimonTatham\PuTTY\Sessions\other PublicKeyFile
            $ansi = [System.Text.Encoding]::GetEncoding(1252)
            "short is in the code page $($file -eq $ansi.GetString($ansi.GetBytes($file)))"
            "same file $((Get-FileHash -LiteralPath $file).Hash -eq (Get-FileHash -LiteralPath $other.KeyPath).Hash)"
            $null = $instance | Remove-SpotTrainingInstance -Confirm:$false
            """, computer.AsAws);
        var facts = lines.Where(line => line.Contains(' ', StringComparison.Ordinal)).ToArray();
        string Fact(string name) =>
            Assert.Single(facts, line => line.StartsWith(name + ' ', StringComparison.Ordinal))[(name.Length + 1)..];
        Assert.Equal(
            ["NameInvalid", "NameInvalid"],
            facts.Where(line => line.StartsWith("error ", StringComparison.Ordinal)).Select(line => line[6..].Split(',')[0]));
        Assert.Equal("'my session' other", Fact("completes"));
        Assert.Equal(@"HKEY_CURRENT_USER\Software\SimonTatham\PuTTY\Sessions\my%20session", Fact("store"));
        Assert.EndsWith(@"\AppData\Local\SpotTrainer\keys\putty.ppk", Fact("key"), StringComparison.Ordinal);
        Assert.Equal(@"C:\Daten Übung\Schlüssel 日本\鍵.ppk", Fact("other key"));
        Assert.Equal("True", Fact("short is in the code page"));
        Assert.Equal("True", Fact("same file"));

        var session = Values(await computer.WineAsync("reg", "query", root + @"Sessions\my%20session"));
        Assert.Equal(("REG_SZ", Fact("host")), session["HostName"]);
        Assert.Equal(("REG_SZ", "ssh"), session["Protocol"]);
        Assert.Equal(("REG_DWORD", "0x16"), session["PortNumber"]);
        Assert.Equal(("REG_DWORD", "0x1e"), session["PingIntervalSecs"]);
        Assert.Equal(("REG_SZ", Fact("key")), session["PublicKeyFile"]);
        Assert.Equal(("REG_SZ", "L8888=localhost:8888"), session["PortForwardings"]);
        Assert.Equal(("REG_DWORD", "0xe"), session["FontHeight"]);
        Assert.Equal(("REG_SZ", "xterm-256color"), session["TerminalType"]);
        Assert.StartsWith("AAAAC3NzaC1lZDI1NTE5", session["SSHManualHostKeys"].Value, StringComparison.Ordinal);
        var hostKeys = Values(await computer.WineAsync("reg", "query", root + "SshHostKeys"));
        Assert.StartsWith("0x", hostKeys[$"ssh-ed25519@22:{Fact("host")}"].Value, StringComparison.Ordinal);
    }

    private async Task TwoProcessesAsync()
    {
        static string Launch(string name) => $$"""
            $instance = Find-SpotOffer -MinVCpu 2 -First 5 | New-SpotTrainingInstance -Name {{name}} -MaxHours 1
            "launched $($instance.InstanceId) $($instance.KeyName)"
            """;
        using var one = computer.Start(Launch("one"), computer.AsAws);
        using var two = computer.Start(Launch("two"), computer.AsAws);
        var launched = (await one.LinesAsync()).Concat(await two.LinesAsync())
            .Where(line => line.StartsWith("launched ", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToArray();
        Assert.Equal(["spottrainer", "spottrainer"], launched.Select(words => words[2]));
        var state = Assert.Single(Directory.GetDirectories(
            Path.Combine(computer.Prefix, "drive_c", "users"), "SpotTrainer", SearchOption.AllDirectories));
        Assert.EndsWith("/AppData/Local/SpotTrainer", state, StringComparison.Ordinal);
        var ledger = Path.Combine(state, "ledger.jsonl");
        Assert.All(launched, words => Assert.Contains(words[1], File.ReadAllText(ledger), StringComparison.Ordinal));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(state, "cache"), "*.json", SearchOption.AllDirectories));
        Assert.True(File.Exists(Path.Combine(state, "keys", "spottrainer.pem")));
        Assert.All(
            Directory.GetFiles(Path.Combine(state, "keys")), file => Assert.Matches(@"/[a-z]+\.(pem|ppk)$", file));

        // Another program has the ledger open, and shares it with nobody.
        using var holder = computer.Start("""
            $file = [System.IO.File]::Open("$env:LOCALAPPDATA\SpotTrainer\ledger.jsonl", 'Open', 'ReadWrite', 'None')
            'held'
            $clock = [System.Diagnostics.Stopwatch]::StartNew()
            while (-not (Test-Path release) -and $clock.Elapsed.TotalMinutes -lt 5) { Start-Sleep -Milliseconds 50 }
            $file.Dispose()
            """);
        await holder.WaitForOutputAsync("held\n");
        const string cost = """
            $costs = @(Get-SpotTrainingCost -Name one, two -WarningAction SilentlyContinue -WarningVariable warnings)
            "costs $($costs.InstanceId -join ' ')"
            $warnings | ForEach-Object { "warning $_" }
            """;
        var held = await computer.RunAsync(cost, computer.AsAws);
        File.WriteAllText(Path.Combine(computer.Folder, "release"), "");
        await holder.LinesAsync();
        Assert.All(launched, words => Assert.Contains(words[1], held[0], StringComparison.Ordinal));
        Assert.Contains(
            held, line => line.StartsWith("warning ", StringComparison.Ordinal) && line.Contains("ledger.jsonl", StringComparison.Ordinal));
        var free = await computer.RunAsync(cost + "\n$null = Remove-SpotTrainingInstance one, two -Confirm:$false", computer.AsAws);
        Assert.DoesNotContain(free, line => line.StartsWith("warning ", StringComparison.Ordinal));
    }

    private async Task DriveAsync()
    {
        Directory.CreateDirectory(Path.Combine(computer.Drive, "sub folder"));
        File.WriteAllText(Path.Combine(computer.Drive, "numbers.csv"), "1\n");
        File.WriteAllText(Path.Combine(computer.Drive, "sub folder", "größe.csv"), "2\n");
        var lines = await computer.RunAsync("""
            $null = New-TrainingKeyPair drive
            $instance = Find-SpotOffer -MinVCpu 2 -First 5 | New-SpotTrainingInstance -Name drive -KeyName drive -MaxHours 1
            $count = 0
            foreach ($path in 'E:\', 'E:\sub folder\', 'E:/sub folder') {
                $data = $instance | Send-TrainingData $path -Destination "/tmp/from $count"
                $count++
                "sent $(($data.Files | Sort-Object) -join ', ')"
            }
            $result = $instance | Invoke-TrainingCommand -Result @'
            cd /tmp
            if [ -d 'from 0' ]
            then
                find 'from 0' -type f | sort
            fi
            '@
            $result.Output
            $null = $instance | Remove-SpotTrainingInstance -Confirm:$false
            """, computer.Joined);
        Assert.Equal(
            [
                "sent numbers.csv, sub folder/größe.csv", "sent größe.csv", "sent größe.csv",
                "from 0/numbers.csv", "from 0/sub folder/größe.csv",
            ],
            lines[^5..]);
    }

    private async Task GermanAsync()
    {
        var lines = await computer.RunAsync("""
            "culture $([cultureinfo]::CurrentCulture.Name) $((0.5).ToString())"
            $null = New-TrainingKeyPair german
            $instance = Find-SpotOffer -MinVCpu 2 -First 5 |
                New-SpotTrainingInstance -Name german -KeyName german -Budget 0.25 -MaxHours 0.5
            "minutes $([math]::Round(($instance.Deadline - $instance.LaunchTime).TotalMinutes))"
            try { $instance | New-SpotTrainingInstance -Budget '0,25' } catch { "error $_" }
            try { Find-SpotOffer -MaxPrice '0,25' } catch { "error $_" }
            $shown = @(Find-SpotOffer -MinVCpu 2 -First 1; $instance; $instance | Get-SpotTrainingCost) | ForEach-Object { $_ | Out-String }
            "points $(@([regex]::Matches("$shown", '\d\.\d')).Count -gt 3)"
            "commas $(@([regex]::Matches("$shown", '\d,\d')).Count)"
            "said $(($instance | Invoke-TrainingCommand -Result 'echo 1.5').Output)"
            "removed $(($instance | Remove-SpotTrainingInstance -Confirm:$false).Cost.GetType().Name)"
            """, new Dictionary<string, string>(computer.Joined, StringComparer.Ordinal)
            {
                ["LOCPATH"] = await computer.LocaleAsync("de_DE"), ["LC_ALL"] = "de_DE.UTF-8",
            });
        Assert.Equal("culture de-DE 0,5", lines[0]);
        Assert.Contains("minutes 30", lines);
        Assert.Equal(
            2, lines.Count(line => line.StartsWith("error ", StringComparison.Ordinal) && line.Contains("0.25", StringComparison.Ordinal)));
        Assert.Contains("points True", lines);
        Assert.Contains("commas 0", lines);
        Assert.Contains("said 1.5", lines);
        Assert.Contains("removed Decimal", lines);
    }

    private async Task RefusalsAsync()
    {
        var lines = await computer.RunAsync("""
            foreach ($name in 'con', 'COM1.txt', 'a:b') {
                try { New-TrainingKeyPair $name -LocalOnly } catch { "error $($_.FullyQualifiedErrorId)" }
            }
            try { Start-SpotRehearsal } catch { "error $($_.FullyQualifiedErrorId) $_" }
            "$(Test-Path "$env:LOCALAPPDATA\SpotTrainer\keys\con.pem")"
            """);
        Assert.Equal(
            ["NameInvalid", "NameInvalid", "NameInvalid", "RehearsalNeedsLinux"],
            lines[..4].Select(line => line.Split(' ')[1].Split(',')[0]));
        Assert.Contains("wsl -- pwsh ", lines[3], StringComparison.Ordinal);
        Assert.Contains("Start-SpotRehearsal -InstallMissing -Wait", lines[3], StringComparison.Ordinal);
        Assert.Equal("False", lines[4]);
    }

    /// <summary>Reads the values that <c>reg query</c> shows.</summary>
    private static Dictionary<string, (string Type, string Value)> Values(string shown) => shown.ReplaceLineEndings("\n").Split('\n')
        .Where(line => line.StartsWith("    ", StringComparison.Ordinal))
        .Select(line => line.Trim().Split("    ", 3))
        .ToDictionary(parts => parts[0], parts => (parts[1], parts.Length > 2 ? parts[2] : ""), StringComparer.Ordinal);
}
