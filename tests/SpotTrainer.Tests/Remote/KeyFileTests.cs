using SpotTrainer.Keys;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Remote;

/// <summary>Connections use the key files that ConvertTo-PuttyKey reads, and name the others with the same errors.</summary>
[Trait("Speed", "Slow")]
public sealed class KeyFileTests : IClassFixture<PuttyTools>, IDisposable
{
    private readonly ModuleRunspace module = new();
    private readonly KeyJudges judges = new();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        module.Dispose();
        judges.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task OpenSSHs_server_accepts_every_kind_of_file()
    {
        var (rsa, ed25519, ecdsa) = (
            await judges.MakeAsync("rsa-2048"), await judges.MakeAsync("ed25519"), await judges.MakeAsync("ecdsa-521"));
        var authorized = folder.Write("authorized", string.Join('\n', new[] { rsa, ed25519, ecdsa }.Select(
            key => PrivateKeyReader.Read(key).PublicLine)) + "\n");
        using var server = await SshServer.StartAsync(folder, "-t ed25519", authorized);
        var pem = await File.ReadAllBytesAsync(await judges.RewrittenAsync(rsa, "PEM"), TestContext.Current.CancellationToken);
        foreach (var key in new[]
        {
            rsa, ed25519, ecdsa, await judges.RewrittenAsync(ecdsa, "PEM"), await judges.RewrittenAsync(rsa, "PKCS8"),
            judges.Write(await judges.PuttygenAsync(ed25519)), judges.Write(await judges.PuttygenAsync(ecdsa, version: 2)),
            judges.Write([.. System.Text.Encoding.UTF8.Preamble, .. pem]),
            judges.Write([.. "Bag Attributes\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"u8, .. pem]),
        })
        {
            var result = Connect(server, key);
            Assert.Empty(result.Errors);
            Assert.Single(result.Output);
        }
    }

    [Fact]
    public async Task A_file_that_cannot_be_used_is_named_before_anything_is_sent()
    {
        using var server = await SshServer.StartAsync(folder, "-t ed25519", folder.Write("authorized", ""));
        var rsa = await judges.MakeAsync("rsa-2048");
        foreach (var (path, id) in new[]
        {
            (await judges.MakeAsync("ed448"), "KeyUnsupported"), (folder.Path, "KeyIsFolder"), (folder["none"], "KeyNotFound"),
            (await judges.RewrittenAsync(rsa, "PEM", KeyJudges.Secret), "KeyEncrypted"), (folder.Write("empty", ""), "KeyEmpty"),
            (folder.Write("key.pub", PrivateKeyReader.Read(rsa).PublicLine), "KeyIsPublic"),
        })
        {
            var error = Assert.Single(Connect(server, path).Errors);
            Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal(path, error.TargetObject);
            Assert.DoesNotContain("or Ed448", error.ToString(), StringComparison.Ordinal);
        }
    }

    private ModuleResult Connect(SshServer server, string key) => module.Run(
        "param($port, $user, $key, $pinned) Connect-TrainingHost 127.0.0.1 $user -Port $port -KeyPath $key -HostKey $pinned",
        new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["port"] = server.Port, ["user"] = Environment.UserName, ["key"] = key, ["pinned"] = server.Fingerprint,
        });
}
