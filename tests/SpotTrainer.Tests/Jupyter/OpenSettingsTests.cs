using CsCheck;
using SpotTrainer.Foundation;
using SpotTrainer.Jupyter;
using SpotTrainer.Remote;

namespace SpotTrainer.Tests.Jupyter;

/// <summary>Settings that would leave Jupyter open are refused, in files of both kinds, with the name of the file and the line.</summary>
public sealed class OpenSettingsTests
{
    private const string Strong = "0123456789abcdef0123456789abcdef";

    private static readonly TrainingHost Host = new("192.0.2.7", 22, "me", keyPath: null, []);

    [Theory]
    [InlineData("allow_origin", "'*'", "\"*\"")]
    [InlineData("allow_origin_pat", "r'.*'", "\".*\"")]
    [InlineData("disable_check_xsrf", "True", "true")]
    [InlineData("allow_unauthenticated_access", "True  # for the team", "true")]
    [InlineData("token", "'letmein'", "\"letmein\"")]
    [InlineData("token", "'0123456789abcdef0123456789abcde'", "\"0123456789abcdef0123456789abcde\"")]
    [InlineData("token", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"")]
    [InlineData("ip", "'*'", "\"*\"")]
    [InlineData("ip", "''", "\"\"")]
    [InlineData("ip", "u\"0.0.0.0\"", "\"0.0.0.0\"")]
    [InlineData("ip", "'192.0.2.7'", "\"192.0.2.7\"")]
    public void What_leaves_it_open_is_refused(string name, string python, string json)
    {
        Check("jupyter_server_config.py", $"c = get_config()\r\n\r\nc.ServerApp.{name} = {python}\r\n", name, 3);
        Check("jupyter_config.py", $"  c.NotebookApp.{name}={python}", name, 1);
        Check("jupyter_notebook_config.json", $"{{\n  \"NotebookApp\": {{\n    \"port\": 1,\n    \"é\": \"é\",\n    \"{name}\": {json}\n  }}\n}}", name, 5);

        static void Check(string file, string text, string name, int line)
        {
            var error = Assert.Throws<SpotTrainerException>(() => Refuse(file, text));
            Assert.Equal(("JupyterOpen", ErrorKind.SecurityError), (error.Id, error.Kind));
            Assert.Contains($"~/.jupyter/{file} on ", error.Message, StringComparison.Ordinal);
            Assert.Contains($"sets {name} in line {line} ", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("letmein", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("c.ServerApp.token = ''\nc.ServerApp.password = ''")]
    [InlineData("c.PasswordIdentityProvider.hashed_password = ''\nc.IdentityProvider.token = \"\"")]
    public void Neither_password_nor_token_is_refused(string text) =>
        Assert.Equal("JupyterOpen", Assert.Throws<SpotTrainerException>(() => Refuse("jupyter_server_config.py", text)).Id);

    [Theory]
    [InlineData("# c.ServerApp.allow_origin = '*'")]
    [InlineData("c.ServerApp.allow_origin = 'https://example.org'")]
    [InlineData("c.ServerApp.disable_check_xsrf = False")]
    [InlineData($"c.ServerApp.token = '{Strong}'")]
    [InlineData("c.ServerApp.token = ''\nc.ServerApp.password = 'argon2:x'")]
    [InlineData("c.ServerApp.ip = 'localhost'")]
    [InlineData("c.ServerApp.ip = '127.0.0.1'")]
    [InlineData("c.ServerApp.ip = '*'\nc.ServerApp.password = 'argon2:x'\nc.ServerApp.certfile = '/x.pem'")]
    [InlineData("c.FileContentsManager.delete_to_trash = False")]
    public void What_is_closed_is_taken(string text) => Refuse("jupyter_server_config.py", text);

    /// <summary>The last letter of a token of 128 bits makes the difference.</summary>
    [Fact]
    public void The_bits_of_a_token_are_those_of_its_letters()
    {
        Assert.InRange(OpenSettings.Bits(Strong), 128, 128.001);
        Assert.True(OpenSettings.Bits(Strong[1..]) < 128);
        Assert.True(OpenSettings.Bits(new string('x', 1000)) < 128);
        Assert.True(OpenSettings.Bits("abcdefghijklmnopqrstuvwxyz") < 128);
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("[]", 1)]
    [InlineData("\"ServerApp\"", 1)]
    [InlineData("{\n \"ServerApp\": { x", 2)]
    [InlineData("{\n\n\"ServerApp\": {\n\"password\": \"secret-1\",\n}}", 5)]
    [InlineData("c.ServerApp.port = 8888", 1)]
    [InlineData("{\"ServerApp\": {},\n\"ServerApp\": {}}", 2)]
    [InlineData("{\"ServerApp\": {\"ip\": \"127.0.0.1\",\n\n\"ip\": \"localhost\"}}", 3)]
    public void What_is_no_JSON_is_an_error_with_the_line(string text, int line)
    {
        var error = Assert.Throws<SpotTrainerException>(() => Refuse("jupyter_server_config.json", text));
        Assert.Equal("JupyterConfigInvalid", error.Id);
        Assert.Contains($"~/.jupyter/jupyter_server_config.json on me@192.0.2.7:22 is not the JSON that Jupyter's configuration is: line {line},", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-1", error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A host can have anything in its files.</summary>
    [Fact]
    public void Any_text_is_read_or_refused() => Gen.Select(Gen.String, Gen.Bool).Sample(
        (text, json) =>
        {
            try
            {
                JupyterSetting.Read(Host, new JupyterFile(json ? "/x.json" : "/x.py", text, "/home/me"));
            }
            catch (SpotTrainerException exception) when (exception.Id == "JupyterConfigInvalid")
            {
                // Most texts are no JSON.
            }
        },
        iter: Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 100_000 : 1000, seed: "0N0XIzNsQ0O2");

    private static void Refuse(string file, string text) =>
        OpenSettings.Refuse(Host, [new JupyterFile("/home/me/.jupyter/" + file, text, "/home/me")]);
}
