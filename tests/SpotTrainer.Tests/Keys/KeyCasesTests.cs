using SpotTrainer.Foundation;
using SpotTrainer.Keys;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Keys;

/// <summary>The files in the folder cases, whose README says what is right.</summary>
[Trait("Speed", "Slow")]
public sealed class KeyCasesTests : IClassFixture<PuttyTools>, IDisposable
{
    private readonly KeyJudges judges = new();
    private readonly TemporaryFolder folder = new();

    private static string Cases => Path.Combine(AppContext.BaseDirectory, "Keys", "cases");

    public void Dispose()
    {
        judges.Dispose();
        folder.Dispose();
    }

    /// <summary>Each program is asked, also about what it does not read, so that nothing untrue stands in the README.</summary>
    [Theory]
    [InlineData("cert-before-key.pem", true, false)]
    [InlineData("x.key", true, false)]
    [InlineData("key[1].pem", true, true)]
    [InlineData("der-with-trailing-bytes.pem", true, true)]
    [InlineData("rsa-leading-zero-integer.pem", true, true)]
    [InlineData("utf8-bom.pem", true, false)]
    [InlineData("ppk-double-lines.ppk", false, true)]
    [InlineData("ppk-trailing-spaces.ppk", false, false)]
    public async Task A_key_is_read_as_the_programs_that_read_it_read_it(string name, bool bySshKeygen, bool byPuttygen)
    {
        var path = Private(name);
        var key = PrivateKeyReader.Read(path);
        var keygen = await Programs.RunAsync("ssh-keygen", "-y", "-P", "", "-f", path);
        var puttygen = await Programs.RunAsync("puttygen", path, "-L", "--old-passphrase", "/dev/null");
        Assert.Equal((bySshKeygen, byPuttygen), (keygen.Status == 0, puttygen.Status == 0));
        foreach (var answer in new[] { keygen, puttygen }.Where(answer => answer.Status == 0))
        {
            Assert.Equal(answer.Output.Split(' ')[1].Trim(), key.PublicLine.Split(' ')[1]);
        }

        if (!bySshKeygen && !byPuttygen)
        {
            Assert.Equal(PrivateKeyReader.Read(Private("key[1].pem")).PublicBlob, key.PublicBlob);
        }
    }

    [Fact]
    public void Line_ends_written_as_letters_are_named()
    {
        var error = Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(Private("literal-backslash-n.pem")));
        Assert.Equal("KeyLineEndsEscaped", error.Id);
        Assert.Contains("\\n", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_advice_about_a_key_of_ssh_coms_programs_makes_it_readable()
    {
        var path = Private("sshcom-by-puttygen");
        var error = Assert.Throws<SpotTrainerException>(() => PrivateKeyReader.Read(path));
        Assert.Equal("KeyUnsupported", error.Id);
        var converted = judges.NewPath();
        var command = error.NextStep[error.NextStep.IndexOf("puttygen", StringComparison.Ordinal)..].Split(' ')
            .Select(word => word == "OLD" ? path : word == "NEW" ? converted : word);
        (await Programs.RunAsync([.. command])).Succeeded();
        var judge = (await Programs.RunAsync("puttygen", path, "-L", "--old-passphrase", "/dev/null")).Succeeded();
        Assert.Equal(judge.Split(' ')[1], PrivateKeyReader.Read(converted).PublicLine.Split(' ')[1]);
    }

    [Fact]
    public void A_certificate_does_not_keep_the_key_beside_it_from_being_converted_and_brackets_are_literal()
    {
        foreach (var name in new[] { "x.crt", "x.key", "key[1].pem" })
        {
            File.Copy(Path.Combine(Cases, name), folder[name]);
        }

        using var module = new ModuleRunspace();
        var result = module.Run(
            "param($folder) Set-Location $folder; ConvertTo-PuttyKey x.crt, x.key, 'key[1].pem'",
            new Dictionary<string, object>(StringComparer.Ordinal) { ["folder"] = folder.Path });
        Assert.Equal(
            [folder["x.ppk"], folder["key[1].ppk"]], result.Output.Select(key => (string)key.Properties["Path"].Value));
        Assert.StartsWith("KeyIsCertificate,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    /// <summary>A copy that only its owner can read, as ssh-keygen demands.</summary>
    private string Private(string name) => judges.Write(File.ReadAllBytes(Path.Combine(Cases, name)));
}
