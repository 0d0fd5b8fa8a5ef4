using System.Security;
using System.Text;
using SpotTrainer.Keys;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Putty;

/// <summary>ConvertTo-PuttyKey and ConvertFrom-PuttyKey as a user types them.</summary>
[Trait("Speed", "Slow")]
public sealed class KeyConversionCommandTests : IClassFixture<PuttyTools>, IDisposable
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
    public async Task A_pem_is_converted_to_a_ppk_next_to_it_and_described()
    {
        var source = folder["key.pem"];
        File.Copy(await judges.MakeAsync("rsa-2048"), source);

        var key = Assert.Single(Run("ConvertTo-PuttyKey $source", ("source", source)).Output);

        Assert.Equal(await judges.PuttygenAsync(source), await ReadAsync(folder["key.ppk"]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["key.ppk"]));
        Assert.Equal((folder["key.ppk"], "ssh-rsa", 2048, "made-for-tests", 3, false), (
            key.Properties["Path"].Value, key.Properties["Algorithm"].Value, key.Properties["Bits"].Value, key.Properties["Comment"].Value,
            key.Properties["Version"].Value, key.Properties["Encrypted"].Value));
        var sha256 = (await Programs.RunAsync("puttygen", folder["key.ppk"], "-l")).Succeeded();
        var md5 = (await Programs.RunAsync("puttygen", folder["key.ppk"], "-l", "-E", "md5")).Succeeded();
        Assert.Contains((string)key.Properties["Fingerprint"].Value, sha256, StringComparison.Ordinal);
        Assert.Contains((string)key.Properties["FingerprintMd5"].Value, md5, StringComparison.Ordinal);

        // As EC2 shows them for an imported key pair and for one that EC2 created.
        var imported = (
            await Programs.RunAsync(
                "sh", "-c",
                $"openssl rsa -in '{await judges.RewrittenAsync(source, "PEM")}' -pubout -outform DER | openssl md5 -c")).Succeeded();
        var made = Convert.ToHexStringLower(
            Org.BouncyCastle.Security.DigestUtilities.CalculateDigest(
                "SHA-1", await judges.OpensslAsync(await judges.RewrittenAsync(source, "PEM"))));
        Assert.Equal(
            [imported.Split(' ')[^1].Trim(), string.Join(':', made.Chunk(2).Select(pair => new string(pair)))],
            (string[])key.Properties["Ec2Fingerprints"].Value);
    }

    [Fact]
    public void A_path_that_is_not_a_file_has_its_own_error()
    {
        var error = Assert.Single(Run("ConvertTo-PuttyKey Env:PATH").Errors);
        Assert.Equal(
            ("PathNotFile,SpotTrainer.Putty.ConvertToPuttyKeyCommand", "Env:PATH"), (error.FullyQualifiedErrorId, error.TargetObject));
    }

    [Fact]
    public async Task A_conversion_that_is_stopped_while_its_passphrase_is_hashed_writes_nothing()
    {
        var source = folder["key.pem"];
        File.Copy(await judges.MakeAsync("ed25519"), source);
        using var stopped = module.Begin($$"""
            $text = [securestring]::new(); $text.AppendChar('x')
            ConvertTo-PuttyKey {{source}} -NewPassphrase $text -Argon2Memory 65536 -Argon2Passes 128
            """);
        stopped.Stop();

        // The abandoned work must not write later either: a second run finds the destination free, without -Force.
        Assert.Equal([source], Directory.GetFiles(folder.Path));
        Assert.Single(Run("ConvertTo-PuttyKey $source", ("source", source)).Output);
    }

    [Fact]
    public async Task Files_are_accepted_by_wildcard_by_object_and_by_literal_path()
    {
        foreach (var name in new[] { "a.pem", "b.pem", "c[1].pem" })
        {
            File.Copy(await judges.MakeAsync("ed25519"), folder[name]);
        }

        Directory.CreateDirectory(folder["out"]);
        Assert.Equal(2, Run("ConvertTo-PuttyKey \"$path/[ab].pem\" \"$path/out\"", ("path", folder.Path)).Output.Count);
        Assert.True(File.Exists(folder["out/a.ppk"]) && File.Exists(folder["out/b.ppk"]));

        Assert.Single(Run("[System.IO.FileInfo]\"$path/c[1].pem\" | ConvertTo-PuttyKey", ("path", folder.Path)).Output);
        Assert.True(File.Exists(folder["c[1].ppk"]));
        Assert.Equal(3, Run("'a.pem', 'b.pem', 'c[1].pem' | ForEach-Object { ConvertTo-PuttyKey -LiteralPath \"$path/$_\" -Force -Version 2 } | ForEach-Object Version",
            ("path", folder.Path)).Output.Count(version => 2.Equals(version.BaseObject)));
    }

    [Fact]
    public async Task A_passphrase_is_kept_changed_or_removed()
    {
        var source = folder["key"];
        File.Copy(await judges.RewrittenAsync(await judges.MakeAsync("ed25519"), "RFC4716", KeyJudges.Secret, "-a", "2"), source);
        var expected = await judges.PuttygenAsync(source, encrypted: true);

        var kept = Run(
            "ConvertTo-PuttyKey $source -Passphrase $secret -Argon2Memory 64 -Argon2Passes 2", ("source", source),
            ("secret", Secret(KeyJudges.Secret)));
        Assert.Equal(true, Assert.Single(kept.Output).Properties["Encrypted"].Value);
        Assert.Contains("Argon2-Passes: 2\n", Encoding.UTF8.GetString(await ReadAsync(folder["key.ppk"])), StringComparison.Ordinal);
        Assert.Equal(expected, await judges.PuttygenAsync(folder["key.ppk"], encrypted: true));

        Run("ConvertTo-PuttyKey $source -Passphrase $secret -NewPassphrase $other -Force -Version 2", ("source", folder["key.ppk"]),
            ("secret", Secret(KeyJudges.Secret)), ("other", Secret("x")));
        Run("ConvertTo-PuttyKey $source -Passphrase $secret -NewPassphrase $other -Force", ("source", folder["key.ppk"]),
            ("secret", Secret("x")), ("other", new SecureString()));
        Assert.Equal(expected, await ReadAsync(folder["key.ppk"]));
    }

    [Theory]
    [InlineData("OpenSSH", "OPENSSH PRIVATE KEY")]
    [InlineData("PKCS8", "PRIVATE KEY")]
    [InlineData("PEM", "RSA PRIVATE KEY")]
    public async Task A_ppk_is_converted_to_a_format_that_openssh_reads(string format, string label)
    {
        var original = await judges.MakeAsync("rsa-2048");
        await File.WriteAllBytesAsync(folder["key.ppk"], await judges.PuttygenAsync(original), TestContext.Current.CancellationToken);

        var key = Assert.Single(Run("ConvertFrom-PuttyKey $path -Format $format", ("path", folder["key.ppk"]), ("format", format)).Output);

        Assert.Equal((folder["key.pem"], format), (key.Properties["Path"].Value, key.Properties["Format"].Value));
        Assert.StartsWith(
            $"-----BEGIN {label}-----\n", Encoding.ASCII.GetString(await ReadAsync(folder["key.pem"])), StringComparison.Ordinal);
        Assert.Equal(
            (await KeyJudges.SshKeygenPublicAsync(original)).Split(' ')[..2],
            (await KeyJudges.SshKeygenPublicAsync(folder["key.pem"])).Split(' ')[..2]);
        var locked = Run(
            "ConvertFrom-PuttyKey $path -Format $format -Force -NewPassphrase $secret", ("path", folder["key.ppk"]), ("format", format),
            ("secret", Secret(KeyJudges.Secret)));
        Assert.Empty(locked.Errors);
        Assert.StartsWith("ssh-rsa ", await KeyJudges.SshKeygenPublicAsync(folder["key.pem"], encrypted: true), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Existing_files_are_kept_without_Force_and_errors_write_nothing()
    {
        var source = folder["key.pem"];
        File.Copy(await judges.MakeAsync("ed25519"), source);
        folder.Write("key.ppk", "precious");
        folder.Write("bad.pem", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n");

        Assert.StartsWith(
            "FileExists,", Assert.Single(Run("ConvertTo-PuttyKey $path/key.pem", ("path", folder.Path)).Errors).FullyQualifiedErrorId,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "KeyDamaged,",
            Assert.Single(
                Run("ConvertTo-PuttyKey $path/bad.pem -Destination $path/key.ppk -Force",
                    ("path", folder.Path)).Errors).FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Empty(Run("ConvertTo-PuttyKey $path/key.pem -Force -WhatIf", ("path", folder.Path)).Output);
        Assert.Equal("precious", await File.ReadAllTextAsync(folder["key.ppk"], TestContext.Current.CancellationToken));
        Assert.Equal(
            ["bad.pem", "key.pem", "key.ppk"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        // Two bad files do not stop the ones after them.
        var result = Run("\"$path/none.pem\", \"$path/bad.pem\", \"$path/key.pem\" | ConvertTo-PuttyKey -Force", ("path", folder.Path));
        Assert.Equal(2, result.Errors.Count);
        Assert.Single(result.Output);
    }

    [Fact]
    public async Task Two_keys_are_never_written_to_one_file_and_a_comment_has_one_line()
    {
        foreach (var name in new[] { "same.pem", "same.key" })
        {
            File.Copy(await judges.MakeAsync("ed25519"), folder[name]);
        }

        var result = Run("ConvertTo-PuttyKey \"$path/same.*\" -Force", ("path", folder.Path));
        Assert.Single(result.Output);
        Assert.StartsWith("DestinationShared,", Assert.Single(result.Errors).FullyQualifiedErrorId, StringComparison.Ordinal);

        Assert.NotEmpty(Run("ConvertTo-PuttyKey \"$path/same.pem\" -Force -Comment \"x`n\"", ("path", folder.Path)).Errors);
        Assert.Equal("made-for-tests", PrivateKeyReader.Read(folder["same.ppk"]).Comment);
    }

    [Theory]
    [InlineData("'x.crt', 'x.key'")]
    [InlineData("'x.key', 'x.crt'")]
    public async Task A_certificate_does_not_take_the_destination_of_its_key(string files)
    {
        (await Programs.RunAsync("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=made-for-tests", "-keyout",
            folder["x.key"], "-out", folder["x.crt"])).Succeeded();
        foreach (var force in new[] { "", "-Force" })
        {
            var result = Run(
                $"Push-Location -LiteralPath $path; {files} | ConvertTo-PuttyKey {force}; Pop-Location", ("path", folder.Path));
            Assert.Equal(folder["x.ppk"], Assert.Single(result.Output).Properties["Path"].Value);
            var error = Assert.Single(result.Errors);
            Assert.StartsWith("KeyIsCertificate,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Equal(folder["x.crt"], error.TargetObject);
            File.Delete(folder["x.ppk"]);
        }
    }

    [Fact]
    public async Task Ed448_keys_are_written_as_pkcs8_only()
    {
        File.Copy(await judges.MakeAsync("ed448"), folder["key.ppk"]);

        var error = Assert.Single(Run("ConvertFrom-PuttyKey $path", ("path", folder["key.ppk"])).Errors);
        Assert.StartsWith("KeyUnsupported,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("OpenSSH does not support Ed448", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Run("ConvertFrom-PuttyKey $path -Format PKCS8", ("path", folder["key.ppk"])).Errors);
        Assert.Contains(
            "ED448 Private-Key", (await Programs.RunAsync("openssl", "pkey", "-in", folder["key.pem"], "-noout", "-text")).Succeeded(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_passphrase_appears_in_any_stream()
    {
        File.Copy(await judges.RewrittenAsync(await judges.MakeAsync("ed25519"), "RFC4716", KeyJudges.Secret, "-a", "2"), folder["key"]);

        var result = Run(
            "ConvertTo-PuttyKey $path -Passphrase $wrong -Verbose -Debug *>&1; ConvertTo-PuttyKey $path -Passphrase $secret -NewPassphrase $secret -Argon2Passes 1 -Verbose -Debug *>&1",
            ("path", folder["key"]), ("wrong", Secret("geheim")), ("secret", Secret(KeyJudges.Secret)));

        var written = string.Join('\n', result.Output.Concat(result.Errors.Select(error => (object)error)).Select(line => line.ToString()));
        Assert.Contains("The passphrase is wrong.", written, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", written, StringComparison.Ordinal);
        Assert.DoesNotContain(KeyJudges.Secret, written, StringComparison.Ordinal);
    }

    private static SecureString Secret(string text)
    {
        var secret = new SecureString();
        Array.ForEach(text.ToCharArray(), secret.AppendChar);
        return secret;
    }

    private static Task<byte[]> ReadAsync(string path) => File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

    private ModuleResult Run(string script, params (string Name, object Value)[] arguments) => module.Run(
        $"param({string.Join(", ", arguments.Select(argument => "$" + argument.Name))}) {script}",
        arguments.ToDictionary(argument => argument.Name, argument => argument.Value, StringComparer.Ordinal));
}
