using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Machines;

/// <summary>What happens to the machines when the process that owns them ends, or belongs to an ordinary user.</summary>
[Trait("Speed", "Slow")]
public sealed class OwnerTests
{
    private const string FolderVariable = "SPOTTRAINER_TEST_OWNER_FOLDER";
    private const string KeyVariable = "SPOTTRAINER_TEST_OWNER_KEY";

    /// <summary>Not a test, but the process that the tests below start. It owns a machine until it is killed.</summary>
    [Fact(Explicit = true)]
    public async Task Own_a_machine()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable) ?? "";
        Assert.SkipUnless(folder.Length > 0, "Started by the tests of this class only.");
        await using var vpc = await Vpc.StartAsync(Path.Combine(folder, "vpc"), new VpcOptions(), CancellationToken.None);
        var spec = new MachineSpec(
            "i-0123456789abcdef0", "", [Environment.GetEnvironmentVariable(KeyVariable)!], "ubuntu",
            new Dictionary<string, string>(StringComparer.Ordinal));
        var machine = await vpc.StartAsync(spec, CancellationToken.None);
        await VpcFixture.BootedAsync(machine);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "ready.new"), $"{machine.PublicIpAddress} {machine.SshPort}", CancellationToken.None);
        File.Move(Path.Combine(folder, "ready.new"), Path.Combine(folder, "ready"));
        await machine.Stopped;
    }

    [Fact]
    public async Task A_killed_process_leaves_nothing_behind()
    {
        using var keys = await Keys.MakeAsync();
        await KillOwnerAsync(keys, []);
    }

    [Fact]
    public async Task An_ordinary_user_can_own_machines()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "The other tests run as an ordinary user already.");
        using var keys = await Keys.MakeAsync();
        // The user nobody on any Linux.
        string[] user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
        var sees = await Programs.RunAsync([.. user, "test", "-r", typeof(OwnerTests).Assembly.Location]);
        Assert.SkipUnless(sees.Status == 0, "Another user cannot read the tests' own folder.");
        (await Programs.RunAsync("chmod", "777", keys.Folder)).Succeeded();
        await KillOwnerAsync(keys, user);
    }

    private static async Task KillOwnerAsync(Keys keys, string[] prefix)
    {
        string[] command =
        [
            .. prefix, "env", $"{FolderVariable}={keys.Folder}", $"{KeyVariable}={keys.Public}", $"HOME={keys.Folder}",
            Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) is "dotnet" ? path : "dotnet",
            typeof(OwnerTests).Assembly.Location, "-explicit", "only", "-method", $"{typeof(OwnerTests).FullName}.{nameof(Own_a_machine)}",
        ];
        using var owner = Programs.Start(command);
        var output = owner.StandardOutput.ReadToEndAsync();
        var ready = Path.Combine(keys.Folder, "ready");
        await Programs.UntilAsync(
            () => Task.FromResult(File.Exists(ready) || owner.HasExited), () => "the owner did not start its machine");
        Assert.True(File.Exists(ready), owner.HasExited ? await output : "");
        var address = (await File.ReadAllTextAsync(ready)).Split(' ');
        string[] ssh =
        [
            "ssh", "-F", "none", "-i", keys.PrivateFile, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", "-p", address[1], $"ubuntu@{address[0]}",
        ];
        (await Programs.RunAsync([.. ssh, "sudo true; setsid sleep 1000 > /dev/null 2>&1 &"])).Succeeded();
        Assert.NotEmpty(Programs.With(Path.Combine(keys.Folder, "vpc")));

        // setpriv and env exec the command that follows, so the started process is the owner itself.
        (await Programs.RunAsync("kill", "-KILL", $"{owner.Id}")).Succeeded();
        await owner.WaitForExitAsync();
        var folder = Path.Combine(keys.Folder, "vpc");
        await Programs.UntilAsync(
            () => Task.FromResult(!Directory.Exists(folder) && Programs.With(folder).Count == 0),
            () => string.Join('\n', Programs.With(folder).Append(Directory.Exists(folder) ? "the folder still exists" : "")));
    }
}
