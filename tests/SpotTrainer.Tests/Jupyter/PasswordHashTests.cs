using System.Security;
using System.Text.Json;
using CsCheck;
using SpotTrainer.Foundation;
using SpotTrainer.Jupyter;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>Jupyter's own code judges the hashes of this module, and this module those of Jupyter's code.</summary>
[Trait("Speed", "Slow")]
public sealed class PasswordHashTests
{
    /// <summary>Reads questions in JSON from standard input, and prints an answer for each: no password is an argument of a process.</summary>
    private const string Judge = """
        import json, sys
        from notebook.auth import security as notebook
        from jupyter_server.auth import security as server
        answers = []
        for question in json.load(sys.stdin):
            if "hash" in question:
                answers.append([judge.passwd_check(question["hash"], question["password"]) for judge in (notebook, server)])
            else:
                answers.append([judge.passwd(question["password"], algorithm=question["algorithm"]) for judge in (notebook, server)])
        print(json.dumps(answers))
        """;

    private static readonly string Printable = string.Concat(Enumerable.Range(0x20, 0x7f - 0x20).Select(code => (char)code));

    private static readonly string[] Passwords =
        ["x", "correct horse", " space at both ends ", Printable, "pässwörd", "密码 пароль \U0001f511", "a:b:c", "$argon2id$v=19$", new string('l', 4000)];

    private static readonly string[] Algorithms = ["argon2", "sha1", "sha512"];

    [Fact]
    public async Task Jupyter_accepts_the_hashes()
    {
        var random = new Random(13);
        var passwords = Passwords.Concat(Enumerable.Range(0, Full ? 200 : 12).Select(_ => string.Concat(
            Enumerable.Range(0, random.Next(1, 60)).Select(_ => Printable[random.Next(Printable.Length)])))).ToArray();
        var questions = passwords.SelectMany(password => Enum.GetValues<JupyterHashAlgorithm>().SelectMany(algorithm =>
        {
            var hash = JupyterPassword.Hash(Secure(password), algorithm);
            return new object[] { new { hash, password }, new { hash, password = password + "x" } };
        })).ToArray();
        var answers = await AskAsync<bool[][]>(questions);
        Assert.Equal(questions.Length, answers.Length);
        for (var i = 0; i < answers.Length; i++)
        {
            Assert.Equal([i % 2 == 0, i % 2 == 0], answers[i]);
        }
    }

    [Fact]
    public async Task The_hashes_of_Jupyter_are_accepted()
    {
        var questions = Passwords.SelectMany(password => Algorithms.Select(
            algorithm => new { password, algorithm })).ToArray();
        var answers = await AskAsync<string[][]>(questions);
        for (var i = 0; i < questions.Length; i++)
        {
            Assert.All(answers[i], hash =>
            {
                Assert.True(JupyterPassword.Verify(hash, Secure(questions[i].password)), hash);
                Assert.False(JupyterPassword.Verify(hash, Secure(questions[i].password + " ")), hash);
            });
        }
    }

    [Fact]
    public void A_hash_says_what_it_is_and_differs_each_time()
    {
        var argon2 = JupyterPassword.Hash(Secure("x"), JupyterHashAlgorithm.Argon2);
        Assert.Matches(@"\Aargon2:\$argon2id\$v=19\$m=10240,t=10,p=8\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}\z", argon2);
        Assert.NotEqual(argon2, JupyterPassword.Hash(Secure("x"), JupyterHashAlgorithm.Argon2));
        Assert.Matches(@"\Asha512:[0-9a-f]{32}:[0-9a-f]{128}\z", JupyterPassword.Hash(Secure("x"), JupyterHashAlgorithm.Sha512));
    }

    [Fact]
    public void An_empty_password_is_refused() => Assert.All(Enum.GetValues<JupyterHashAlgorithm>(), algorithm => Assert.Equal(
        "PasswordEmpty", Assert.Throws<SpotTrainerException>(() => JupyterPassword.Hash(Secure(""), algorithm)).Id));

    /// <summary>A host can have any text in place of a hash. It lets nobody in, and costs neither memory nor an exception.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("::")]
    [InlineData("md4:salt:00")]
    [InlineData("sha1:salt:")]
    [InlineData("argon2:")]
    [InlineData("argon2:$argon2id$v=19$m=99999999,t=10,p=8$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("argon2:$argon2id$v=19$m=10240,t=999999,p=8$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("argon2:$argon2id$v=19$m=10240,t=10,p=0$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("argon2:$argon2id$v=19$m=10240,t=10,p=8$AAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_is_no_hash_lets_nobody_in(string hash) => Assert.False(JupyterPassword.Verify(hash, Secure("x")));

    [Fact]
    public void Any_text_in_place_of_a_hash_is_read_without_an_exception()
    {
        var known = JupyterPassword.Hash(Secure("x"), JupyterHashAlgorithm.Sha512);
        Gen.Select(Gen.Int[0, known.Length - 1], Gen.Char, Gen.Int[0, known.Length]).Sample(
            (at, letter, length) =>
            {
                var text = (known[..at] + letter + known[(at + 1)..])[..length];
                return JupyterPassword.Verify(text, Secure("x")) == (text == known);
            },
            iter: Full ? 10_000 : 200, seed: "0N0XIzNsQ0O2");
    }

    [Fact]
    public void A_generated_password_is_long_and_has_no_letter_that_looks_like_another()
    {
        foreach (var clear in Enumerable.Range(0, 50).Select(_ => Clear(JupyterPassword.Make())))
        {
            Assert.Matches(@"\A[a-km-np-zA-HJ-NP-Z2-9]{24}\z", clear);
        }
    }

    private static bool Full => Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1";

    private static async Task<T> AskAsync<T>(object[] questions)
    {
        await DebianPackages.EnsureAsync("python3-notebook", "python3-jupyter-server");
        return JsonSerializer.Deserialize<T>((await Programs.RunAsync(
            ["/usr/bin/python3", "-c", Judge], JsonSerializer.Serialize(questions))).Succeeded())!;
    }

    private static string Clear(SecureString password) => new System.Net.NetworkCredential("", password).Password;

    private static SecureString Secure(string text)
    {
        var secure = new SecureString();
        text.ToList().ForEach(secure.AppendChar);
        return secure;
    }
}
