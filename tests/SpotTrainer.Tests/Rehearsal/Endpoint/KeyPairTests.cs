using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Endpoint;

/// <summary>Key pairs, with the fingerprints that OpenSSH and OpenSSL compute.</summary>
public sealed class KeyPairTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_fingerprint_of_an_imported_rsa_pair_is_the_md5_of_its_public_key()
    {
        using var folder = new TemporaryFolder();
        await using var endpoint = new TestEndpoint();
        (await Programs.RunAsync("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", folder["key"])).Succeeded();
        var md5 = await ShellAsync(folder, "openssl pkey -in key -pubout -outform DER | openssl md5 -c");
        var pair = await ImportAsync(endpoint, await File.ReadAllTextAsync(folder["key.pub"], Stop));
        Assert.Equal(md5, pair.KeyFingerprint);
    }

    [Fact]
    public async Task The_fingerprint_of_an_imported_ed25519_pair_is_its_sha256_with_padding()
    {
        using var keys = await Machines.Keys.MakeAsync();
        await using var endpoint = new TestEndpoint();
        var pair = await ImportAsync(endpoint, keys.Public);
        var sshKeygen = (await Programs.RunAsync("ssh-keygen", "-l", "-f", keys.PrivateFile)).Succeeded();
        Assert.Equal(sshKeygen.Split(' ')[1]["SHA256:".Length..] + "=", pair.KeyFingerprint);
    }

    [Fact]
    public async Task The_fingerprint_of_a_created_rsa_pair_is_the_sha1_of_its_private_key()
    {
        using var folder = new TemporaryFolder();
        await using var endpoint = new TestEndpoint();
        var pair = await endpoint.NewKeyPairAsync(type: KeyType.Rsa);
        await File.WriteAllTextAsync(folder["key"], pair.KeyMaterial, Stop);
        Assert.Equal(
            await ShellAsync(folder, "openssl pkcs8 -in key -inform PEM -outform DER -topk8 -nocrypt | openssl sha1 -c"),
            pair.KeyFingerprint);
        File.SetUnixFileMode(folder["key"], UnixFileMode.UserRead);
        await SamePublicKeyAsync(endpoint, folder);
    }

    [Fact]
    public async Task OpenSSH_can_read_a_created_ed25519_pair()
    {
        using var folder = new TemporaryFolder();
        await using var endpoint = new TestEndpoint();
        var pair = await endpoint.NewKeyPairAsync();
        await File.WriteAllTextAsync(folder["key"], pair.KeyMaterial, Stop);
        File.SetUnixFileMode(folder["key"], UnixFileMode.UserRead);
        await SamePublicKeyAsync(endpoint, folder);
        Assert.Equal(
            (await Programs.RunAsync("ssh-keygen", "-l", "-f", folder["key"])).Succeeded().Split(' ')[1],
            $"SHA256:{pair.KeyFingerprint.TrimEnd('=')}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("ssh-ed25519")]
    [InlineData("ssh-ed25519 ????")]
    [InlineData("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5")]
    [InlineData("ssh-rsa AAAAB3NzaC1yc2E=")]
    [InlineData("ssh-rsa AAAAB3NzaC1yc2EAAAAAAAAAAA==")]
    [InlineData("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQU=")]
    [InlineData("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=")]
    public async Task An_invalid_key_is_refused(string line)
    {
        await using var endpoint = new TestEndpoint();
        Assert.Equal("InvalidKey.Format", await TestEndpoint.ErrorAsync(() => ImportAsync(endpoint, line + "\n")));
    }

    [Theory]
    [InlineData("Schl\u00fcssel")]
    [InlineData(" a")]
    [InlineData("a ")]
    public async Task A_name_has_ASCII_characters_only(string name)
    {
        await using var endpoint = new TestEndpoint();
        Assert.Equal("InvalidParameterValue", await TestEndpoint.ErrorAsync(
            () => endpoint.Ec2.CreateKeyPairAsync(new CreateKeyPairRequest { KeyName = name }, Stop)));
    }

    [Fact]
    public async Task A_name_can_exist_only_once()
    {
        using var keys = await Machines.Keys.MakeAsync();
        await using var endpoint = new TestEndpoint();
        await ImportAsync(endpoint, keys.Public);
        Assert.Equal("InvalidKeyPair.Duplicate", await TestEndpoint.ErrorAsync(() => ImportAsync(endpoint, keys.Public)));
        Assert.Equal("InvalidKeyPair.Duplicate", await TestEndpoint.ErrorAsync(() => endpoint.NewKeyPairAsync("imported")));
    }

    [Fact]
    public async Task Key_pairs_are_found_by_their_tag()
    {
        await using var endpoint = new TestEndpoint();
        await endpoint.NewKeyPairAsync("plain");
        await endpoint.Ec2.CreateKeyPairAsync(
            new CreateKeyPairRequest
            {
                KeyName = "tagged", KeyType = KeyType.Ed25519,
                TagSpecifications = [new TagSpecification { ResourceType = ResourceType.KeyPair, Tags = [new Tag("a", "b")] }],
            }, Stop);
        foreach (var filter in new[] { new Filter("tag-key", ["a"]), new Filter("tag:a", ["b"]) })
        {
            var found = (await endpoint.Ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest { Filters = [filter] }, Stop)).KeyPairs;
            Assert.Equal("b", Assert.Single(Assert.Single(found).Tags).Value);
        }
    }

    [Fact]
    public async Task A_key_pair_is_deleted_by_its_name_or_its_id()
    {
        await using var endpoint = new TestEndpoint();
        var kept = await endpoint.NewKeyPairAsync("kept");
        var gone = await endpoint.NewKeyPairAsync("gone");
        Assert.Equal(
            gone.KeyPairId,
            (await endpoint.Ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyPairId = gone.KeyPairId }, Stop)).KeyPairId);
        Assert.Equal(
            kept.KeyPairId,
            Assert.Single((await endpoint.Ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest(), Stop)).KeyPairs).KeyPairId);

        // An unknown ID is an error, but an unknown name is not.
        Assert.Equal(
            "InvalidKeyPair.NotFound",
            await TestEndpoint.ErrorAsync(
                () => endpoint.Ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyPairId = gone.KeyPairId }, Stop)));
        await endpoint.Ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyName = "gone" }, Stop);
        Assert.Equal(
            "MissingParameter", await TestEndpoint.ErrorAsync(() => endpoint.Ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest(), Stop)));
        await endpoint.Ec2.DeleteKeyPairAsync(new DeleteKeyPairRequest { KeyName = "kept" }, Stop);
        Assert.Empty((await endpoint.Ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest(), Stop)).KeyPairs);
    }

    private static Task<ImportKeyPairResponse> ImportAsync(TestEndpoint endpoint, string line) =>
        endpoint.Ec2.ImportKeyPairAsync(
            new ImportKeyPairRequest { KeyName = "imported", PublicKeyMaterial = Convert.ToBase64String(Encoding.ASCII.GetBytes(line)) },
            Stop);

    private static async Task SamePublicKeyAsync(TestEndpoint endpoint, TemporaryFolder folder)
    {
        var kept = Assert.Single(
            (await endpoint.Ec2.DescribeKeyPairsAsync(new DescribeKeyPairsRequest { IncludePublicKey = true }, Stop)).KeyPairs);
        var derived = (await Programs.RunAsync("ssh-keygen", "-y", "-f", folder["key"])).Succeeded();
        Assert.Equal(derived.Split(' ')[1].Trim(), kept.PublicKey.Split(' ')[1].Trim());
    }

    /// <summary>The hash that a pipeline of OpenSSL commands prints last, with colons.</summary>
    private static async Task<string> ShellAsync(TemporaryFolder folder, string command) =>
        (await Programs.RunAsync("bash", "-c", $"cd '{folder.Path}' && set -o pipefail && {command}")).Succeeded().Split(' ')[^1].Trim();
}
