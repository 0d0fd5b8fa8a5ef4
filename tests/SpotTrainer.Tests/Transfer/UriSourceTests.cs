using SpotTrainer.Foundation;
using SpotTrainer.Transfer;

namespace SpotTrainer.Tests.Transfer;

/// <summary>What an address is taken for, before any host hears of it.</summary>
public sealed class UriSourceTests
{
    private const string Secret = "made-for-tests-0123456789";

    [Theory]
    [InlineData("http://data.example/x.zip", "UriNotHttps")]
    [InlineData("ftp://data.example/x.zip", "UriNotHttps")]
    [InlineData("file:///etc/passwd", "UriNotHttps")]
    [InlineData("/etc/passwd", "UriNotHttps")]
    [InlineData("s3://bucket/x.zip", "UriNotHttps")]
    [InlineData("data.example/x.zip", "UriInvalid")]
    [InlineData("https://", "UriInvalid")]
    [InlineData("https://data.example/a\nurl = file:///etc/passwd", "UriInvalid")]
    [InlineData("https://data.example/\u202egpj.zip", "UriInvalid")]
    public void An_address_that_cannot_be_meant_is_refused(string text, string id)
    {
        var error = Assert.Throws<SpotTrainerException>(() => UriSource.Parse($"{text}?key={Secret}"));
        Assert.Equal(id, error.Id);
        Assert.DoesNotContain(Secret, $"{error.Message}{error.NextStep}{error.Concerns}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n")]
    public void A_hash_has_64_hexadecimal_digits(string hash)
    {
        var error = Assert.Throws<SpotTrainerException>(() => UriSource.Parse("https://data.example/x.zip", sha256: hash));
        Assert.Equal("UriHashInvalid", error.Id);
        Assert.Contains("64 hexadecimal digits", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://data.example/a%2Fb/x%20y.zip?X-Amz-Signature=1%2f2&partNumber=1", null)]
    [InlineData("https://DATA.example/~a/./x.zip", null)]
    [InlineData("https://data.example/x[1].zip?a={b}", null)]
    [InlineData("https://data.example/x.zip?a=b#part", "https://data.example/x.zip?a=b")]
    [InlineData(" https://data.example/x.zip ", "https://data.example/x.zip")]
    [InlineData("https://data.example/Größe 1.zip", "https://data.example/Gr%C3%B6%C3%9Fe%201.zip")]
    public void What_was_signed_is_asked_for_as_it_is(string text, string? address) =>
        Assert.Equal(address ?? text, UriSource.Parse(text).Address);

    [Fact]
    public void No_text_shows_more_than_host_and_path()
    {
        var source = UriSource.Parse($"https://me:{Secret}@data.example:8443/a/x.zip?X-Amz-Signature={Secret}#{Secret}");
        Assert.Equal("https://data.example:8443/a/x.zip", source.ToString());
        Assert.Equal("https://data.example:8443/a/x.zip", source.Shown);
    }

    [Theory]
    [InlineData("?X-Amz-Date=1&X-Amz-Signature=2", "?X-Amz-Date=3&X-Amz-Signature=4&X-Amz-Security-Token=5", true)]
    [InlineData("?Expires=1&Signature=2&AWSAccessKeyId=3", "", true)]
    [InlineData("?versionId=1&X-Amz-Signature=2", "?versionId=1&X-Amz-Signature=3", true)]
    [InlineData("?versionId=1", "?versionId=2", false)]
    [InlineData("?sv=1&se=2&sr=b&sp=r&sig=3", "?sv=1&se=9&sr=b&sp=r&sig=4", true)]
    public void A_new_signature_of_the_same_file_continues_its_download(string one, string other, bool isSame) => Assert.Equal(
        isSame, UriSource.Parse("https://data.example/x.zip" + one).Key == UriSource.Parse("https://data.example/x.zip" + other).Key);

    [Fact]
    public void Another_name_is_another_download() => Assert.NotEqual(
        UriSource.Parse("https://data.example/x.zip", "a").Key, UriSource.Parse("https://data.example/x.zip", "b").Key);

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData(".spottrainer-incoming")]
    [InlineData("a\u001b[31m")]
    [InlineData("a\nb")]
    public void A_name_that_is_none_is_refused(string name) => Assert.Equal(
        "UriNameInvalid", Assert.Throws<SpotTrainerException>(() => UriSource.Parse("https://data.example/x.zip", name)).Id);

    [Fact]
    public void Each_address_has_its_own_hash_and_name_or_none_has()
    {
        var (hash, other) = (new string('A', 64), new string('b', 64));
        var sources = UriSource.ParseAll(["https://data.example/1", "https://data.example/2"], ["x", "y"], [hash, other]);
        Assert.Equal([(hash.ToLowerInvariant(), "x"), (other, "y")], sources.Select(source => (source.Sha256, source.FileName)));
        Assert.Equal("UriCountDiffers", Assert.Throws<SpotTrainerException>(
            () => UriSource.ParseAll(["https://data.example/1", "https://data.example/2"], [], [hash])).Id);
        Assert.Equal("UriCountDiffers", Assert.Throws<SpotTrainerException>(
            () => UriSource.ParseAll(["https://data.example/1"], ["x", "y"], [])).Id);
    }

    [Theory]
    [InlineData("attachment; filename=data.zip", "data.zip")]
    [InlineData("attachment; filename=\"a b.zip\"", "a b.zip")]
    [InlineData("attachment; filename=\"a\\\"b;c.zip\"; size=3", "a\"b;c.zip")]
    [InlineData("attachment; filename=\"plain.zip\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.zip", "Größe.zip")]
    [InlineData("attachment; filename*=utf-8'en'a%20b.zip; filename=c.zip", "a b.zip")]
    [InlineData("attachment; filename*=ISO-8859-1''%e4.zip; filename=c.zip", "c.zip")]
    [InlineData("attachment; filename=../../etc/passwd", "passwd")]
    [InlineData("attachment; filename*=UTF-8''..%2f..%2fetc%2fpasswd", "passwd")]
    [InlineData("attachment; filename=\"/etc/cron.d/x\"", "x")]
    [InlineData("attachment; filename=\"C:\\\\temp\\\\x.zip\"", "x.zip")]
    [InlineData("attachment; filename=\".bashrc\"", "bashrc")]
    [InlineData("attachment; filename=\"--help\"", "help")]
    [InlineData("attachment; filename*=UTF-8''a%1b%5b31m%0a%00%e2%80%aeb", "a[31mb")]
    [InlineData("attachment; filename=\"..\"", null)]
    [InlineData("attachment; filename=\"\"", null)]
    [InlineData("attachment; filename*=UTF-8''%00%0a", null)]
    [InlineData("inline", null)]
    [InlineData("attachment; xfilename=a.zip", null)]
    public void The_servers_name_is_made_safe(string header, string? name) => Assert.Equal(name, UriFileName.FromDisposition(header));

    [Fact]
    public void A_long_name_keeps_its_extension_and_its_characters()
    {
        var name = UriFileName.FromDisposition($"attachment; filename=\"{string.Concat(Enumerable.Repeat("😀é", 100))}.tar.gz\"")!;
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(name), 250, 255);
        Assert.EndsWith(".gz", name, StringComparison.Ordinal);
        Assert.False(char.IsHighSurrogate(name[name.IndexOf(".gz", StringComparison.Ordinal) - 1]));
    }

    [Theory]
    [InlineData("https://data.example/a/x%20y.zip?b=/c", "x y.zip")]
    [InlineData("https://data.example/a/..%2f..%2fx", "x")]
    [InlineData("https://data.example/a/", null)]
    [InlineData("https://data.example", null)]
    public void The_path_gives_the_name(string address, string? name) => Assert.Equal(name, UriFileName.FromPath(address));

    /// <summary>No text, however hostile, makes a name that leads elsewhere, and none takes long.</summary>
    [Fact]
    public void Random_headers_never_make_a_name_that_is_not_safe()
    {
        string[] parts =
        [
            "filename", "*", "=", "\"", "\\", ";", " ", "UTF-8''", "%2f", "%00", "/", "..", ".", "-", "a", "é", "\ud83d", "%ff",
            "\u202e", "\u001b",
        ];
        var random = new Random(20_260_712);
        for (var i = 0; i < 20_000; i++)
        {
            var header = "attachment;" + string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => parts[random.Next(parts.Length)]));
            var name = UriFileName.FromDisposition(header);
            Assert.True(name is null || (UriFileName.IsSafe(name) && name[0] is not ('.' or '-')), header);
        }
    }
}
