using System.Text;
using Amazon.EC2;
using Amazon.EC2.Model;
using SpotTrainer.KeyPairs;
using SpotTrainer.Keys;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.KeyPairs;

/// <summary>openssl and ssh-keygen print the fingerprints from EC2's documentation, and so does the rehearsal's endpoint.</summary>
public sealed class Ec2FingerprintTests : IClassFixture<PuttyTools>, IDisposable
{
    private readonly KeyJudges judges = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => judges.Dispose();

    [Theory]
    [InlineData("rsa-1024")]
    [InlineData("rsa-2048")]
    public async Task An_rsa_key_has_the_md5_of_its_public_key_and_the_sha1_of_its_private_key(string algorithm)
    {
        var path = await judges.MakeAsync(algorithm);
        var pkcs1 = judges.NewPath();
        File.Copy(path, pkcs1);
        (await Programs.RunAsync("ssh-keygen", "-q", "-p", "-m", "PEM", "-P", "", "-N", "", "-f", pkcs1)).Succeeded();
        Assert.Equal(
            [
                await OpensslAsync($"openssl pkey -in {pkcs1} -pubout -outform DER | openssl md5 -c"),
                await OpensslAsync($"openssl pkcs8 -in {pkcs1} -inform PEM -outform DER -topk8 -nocrypt | openssl sha1 -c"),
            ],
            Ec2Fingerprint.Of(PrivateKeyReader.Read(path)));
    }

    [Fact]
    public async Task An_ed25519_key_has_the_sha256_that_ssh_keygen_shows()
    {
        var path = await judges.MakeAsync("ed25519");
        var shown = (await Programs.RunAsync("ssh-keygen", "-l", "-f", path)).Succeeded().Split(' ')[1];
        Assert.Equal(shown, "SHA256:" + Assert.Single(Ec2Fingerprint.Of(PrivateKeyReader.Read(path))).TrimEnd('='));
    }

    [Theory]
    [InlineData("ecdsa-256")]
    [InlineData("ed448")]
    public async Task A_key_that_EC2_does_not_accept_has_no_fingerprint(string algorithm) =>
        Assert.Empty(Ec2Fingerprint.Of(PrivateKeyReader.Read(await judges.MakeAsync(algorithm))));

    [Fact]
    public async Task A_fingerprint_from_the_endpoint_matches_only_its_own_key()
    {
        await using var endpoint = new TestEndpoint();
        foreach (var algorithm in new[] { "rsa-2048", "ed25519" })
        {
            var key = PrivateKeyReader.Read(await judges.MakeAsync(algorithm));
            var imported = await endpoint.Ec2.ImportKeyPairAsync(
                new ImportKeyPairRequest { KeyName = algorithm,
                    PublicKeyMaterial = Convert.ToBase64String(Encoding.ASCII.GetBytes(key.PublicLine)) }, Stop);
            Assert.True(Ec2Fingerprint.Fits(imported.KeyFingerprint, key));
            Assert.False(Ec2Fingerprint.Fits(imported.KeyFingerprint, SshPrivateKey.MakeEd25519("made-for-tests")));
        }

        foreach (var type in new[] { KeyType.Rsa, KeyType.Ed25519 })
        {
            var made = await endpoint.NewKeyPairAsync($"made {type}", type);
            Assert.True(
                Ec2Fingerprint.Fits(made.KeyFingerprint, PrivateKeyReader.Read(judges.Write(Encoding.ASCII.GetBytes(made.KeyMaterial)))));
        }
    }

    private static async Task<string> OpensslAsync(string pipe) =>
        (await Programs.RunAsync("bash", "-c", "set -o pipefail; " + pipe)).Succeeded().Split(' ')[^1].Trim();
}
