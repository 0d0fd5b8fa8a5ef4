using System.Diagnostics;
using System.Reflection;
using System.Reflection.Emit;
using System.Security.Cryptography;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Loader;

[Trait("Speed", "Slow")]
public sealed class ConflictTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    [Fact]
    public async Task An_older_aws_sdk_in_the_session_does_no_harm()
    {
        var (output, error) = await RunWith(BuildFacts.OlderAwsCore, """
            $null = [SpotTrainer.Cloud.ProfileCompleter]::new().CompleteArgument('', '', '', $null, @{})
            """ + Loaded("AWSSDK.Core"));

        Assert.Empty(error);
        Assert.Equal(Both(BuildFacts.OlderAwsCore, "AWSSDK.Core.dll"), output);
    }

    [Fact]
    public async Task Another_ssh_net_in_the_session_does_no_harm()
    {
        // An older version with nothing in it: if the module used it, nothing would work.
        var identity = AssemblyName.GetAssemblyName(Shipped("Renci.SshNet.dll"));
        identity.Version = new Version(2024, 2, 0, 0);
        var older = Path.Combine(folder.Path, "Renci.SshNet.dll");
        var assembly = new PersistedAssemblyBuilder(identity, typeof(object).Assembly);
        assembly.DefineDynamicModule("Renci.SshNet");
        assembly.Save(older);
        using var key = RSA.Create(2048);
        var path = folder.Write("key", key.ExportRSAPrivateKeyPem());
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        // Port 1 is closed. Everything up to the refused connection is SSH.NET's work.
        var (output, error) = await RunWith(older, $"""
            Connect-TrainingHost 127.0.0.1 nobody -Port 1 -KeyPath '{path}' -HostKey SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA

            """ + Loaded("Renci.SshNet"));

        Assert.StartsWith("Connect-TrainingHost: ", error, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", error, StringComparison.Ordinal);
        Assert.Equal(Both(older, "Renci.SshNet.dll"), output);
    }

    public void Dispose() => folder.Dispose();

    private static string Shipped(string file) => Path.Combine(BuildFacts.Package, "module", "bin", "net8.0", file);

    private static string Loaded(string name) => $$"""

        [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -eq '{{name}}' } | ForEach-Object {
            "$([System.Runtime.Loader.AssemblyLoadContext]::GetLoadContext($_).Name) $($_.GetName().Version) $([Diagnostics.FileVersionInfo]::GetVersionInfo($_.Location).FileVersion)" }
        """;

    private static string Both(string older, string shipped) =>
        $"Default {Versions(older)}\nSpotTrainer {Versions(Shipped(shipped))}\n";

    private static string Versions(string file) =>
        $"{AssemblyName.GetAssemblyName(file).Version} {FileVersionInfo.GetVersionInfo(file).FileVersion}";

    private static async Task<(string Output, string Error)> RunWith(string preload, string text)
    {
        using var shell = ShellProcess.Start(["-Command", text], new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DOTNET_STARTUP_HOOKS"] = typeof(ConflictTests).Assembly.Location,
            ["SPOTTRAINER_TEST_PRELOAD"] = preload,
        });
        await shell.WaitAsync();
        return (shell.Output, shell.Error);
    }
}
