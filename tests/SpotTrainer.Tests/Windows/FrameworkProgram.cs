using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Windows;

/// <summary>
/// A program for .NET Framework that calls the module's build for it, on Debian's Mono. It has the name of the tests' assembly, which the
/// module shows its inner classes.
/// </summary>
internal static class FrameworkProgram
{
    private const string Source = """
        using System;
        using System.IO;
        using SpotTrainer.Jupyter;
        using SpotTrainer.Keys;

        internal static class Program
        {
            private static void Main(string[] files)
            {
                var secret = new System.Security.SecureString();
                foreach (var character in "für Tests")
                {
                    secret.AppendChar(character);
                }

                foreach (var file in files)
                {
                    var (key, _) = PrivateKeyReader.Read(File.ReadAllBytes(file), null);
                    File.WriteAllBytes(file + ".ppk", PuttyKeyFormat.Write(key));
                    var locked = PuttyKeyFormat.Write(key, 3, Passphrase.From(secret));
                    File.WriteAllBytes(file + ".locked", locked);
                    var (again, _, _) = PuttyKeyFormat.Read(locked, Passphrase.From(secret));
                    File.WriteAllBytes(file + ".pem", OpenSshKeyFormat.Write(again, Passphrase.From(secret)));
                }

                var folder = Path.GetDirectoryName(files[0]);
                var certificate = JupyterCertificate.Make(new[] { "192.0.2.7" }, DateTimeOffset.UtcNow);
                File.WriteAllText(Path.Combine(folder, "certificate"), certificate.CertificatePem);
                File.WriteAllText(Path.Combine(folder, "certificate.key"), certificate.KeyPem);
                Console.WriteLine(certificate.Fingerprint);
                Console.WriteLine(JupyterPassword.Hash(secret, JupyterHashAlgorithm.Argon2));
                Console.WriteLine(JupyterPassword.Make().Length);
            }
        }
        """;

    /// <summary>Runs it on a key of each kind. puttygen, ssh-keygen, openssl, and Jupyter's Argon2 judge the results.</summary>
    public static async Task RunAsync()
    {
        await DebianPackages.EnsureAsync(
            "mono-runtime", "libmono-system-numerics4.0-cil", "putty-tools", "openssh-client", "openssl", "python3-argon2");
        using var folder = new TemporaryFolder();
        using var judges = new KeyJudges();
        var modules = Path.Combine(BuildFacts.Package, "module", "bin", "net472");
        foreach (var library in Directory.GetFiles(modules, "*.dll"))
        {
            File.Copy(library, folder[Path.GetFileName(library)]);
        }

        var program = folder["SpotTrainer.Tests.exe"];
        var references = Directory.GetFiles(BuildFacts.FrameworkReferences, "*.dll")
            .Concat(Directory.GetFiles(Path.Combine(BuildFacts.FrameworkReferences, "Facades"), "*.dll"))
            .Concat(Directory.GetFiles(modules, "*.dll"))
            .Where(path => !Path.GetFileName(path).StartsWith("System.EnterpriseServices.", StringComparison.Ordinal))
            .DistinctBy(Path.GetFileName).Select(path => MetadataReference.CreateFromFile(path));
        var built = CSharpCompilation.Create(
            "SpotTrainer.Tests", [CSharpSyntaxTree.ParseText(Source)], references, new(OutputKind.ConsoleApplication)).Emit(program);
        Assert.True(built.Success, string.Join('\n', built.Diagnostics));

        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var algorithm in KeyJudges.OpenSshAlgorithms)
        {
            File.Copy(await judges.MakeAsync(algorithm), files[algorithm] = folder[algorithm]);
        }

        var lines = (await Programs.RunAsync(["mono", program, .. files.Values])).Succeeded().Split('\n');
        var secret = folder.Write("secret", KeyJudges.Secret);
        foreach (var file in files.Values)
        {
            var expected = Words(await KeyJudges.SshKeygenPublicAsync(file));
            Assert.Equal(expected, Words((await Programs.RunAsync("puttygen", file + ".ppk", "-O", "public-openssh")).Succeeded()));
            Assert.Equal(expected, Words((await Programs.RunAsync(
                "puttygen", file + ".locked", "-O", "public-openssh", "--old-passphrase", secret)).Succeeded()));
            File.SetUnixFileMode(file + ".pem", UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Assert.Equal(expected, Words(await KeyJudges.SshKeygenPublicAsync(file + ".pem", encrypted: true)));
        }

        (await Programs.RunAsync("openssl", "verify", "-CAfile", folder["certificate"], folder["certificate"])).Succeeded();
        Assert.Contains(lines[0], (await Programs.RunAsync(
            "openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", folder["certificate"])).Succeeded(), StringComparison.Ordinal);
        Assert.Equal(
            (await Programs.RunAsync("openssl", "x509", "-noout", "-pubkey", "-in", folder["certificate"])).Succeeded(),
            (await Programs.RunAsync("openssl", "pkey", "-pubout", "-in", folder["certificate.key"])).Succeeded());

        // What Jupyter does with the hash.
        const string check = "import argon2, sys; argon2.PasswordHasher().verify(sys.argv[1].partition(':')[2], sys.argv[2])";
        (await Programs.RunAsync("/usr/bin/python3", "-c", check, lines[1], KeyJudges.Secret)).Succeeded();
        var wrong = await Programs.RunAsync("/usr/bin/python3", "-c", check, lines[1], "wrong");
        Assert.Contains("VerifyMismatchError", wrong.Error, StringComparison.Ordinal);
        Assert.Equal("24", lines[2]);

        static string[] Words(string publicKey) => publicKey.Trim().Split(' ')[..2];
    }
}
