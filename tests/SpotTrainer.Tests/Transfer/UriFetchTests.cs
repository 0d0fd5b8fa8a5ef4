using System.Security.Cryptography;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;
using SpotTrainer.Transfer;

namespace SpotTrainer.Tests.Transfer;

/// <summary>A host fetches files with its own curl, from servers that do well and badly. The host is OpenSSH's sshd.</summary>
[Trait("Speed", "Slow")]
public sealed class UriFetchTests : IAsyncLifetime
{
    private const string Secret = "made-for-tests-5ecre7-5ignature";
    private const string Address = $"https://data.example/sets/data.bin?X-Amz-Signature={Secret}";
    private const string DriveId = "1AbCdEf";

    private readonly TemporaryFolder folder = new();
    private readonly RecordingLog log = new();
    private readonly byte[] data = RandomNumberGenerator.GetBytes(3_000_000);
    private WebServer web = null!;
    private SshServer server = null!;
    private TrainingHost host = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Hash => Convert.ToHexStringLower(SHA256.HashData(data));

    private string Destination => folder["data"];

    public async ValueTask InitializeAsync()
    {
        web = new WebServer(
            folder, "data.example", "other.example", "drive.google.com", "drive.usercontent.google.com", "accounts.google.com");
        server = await SshServer.StartAsync(folder, "-t ed25519", SshServer.Authorize(folder), more: web.Environment);
        host = HostAt(server);
    }

    public ValueTask DisposeAsync()
    {
        // Wherever a test ended: no message has the secret, and no folder of the module has it.
        var said = string.Join('\n', log.Lines);
        SshConnectionPool.Close(host, log.Context);
        var kept = Directory.Exists(Destination)
            ? string.Join('\n', Directory.EnumerateFiles(Destination, "*", SearchOption.AllDirectories).Select(File.ReadAllText)) : "";
        server.Dispose();
        web.Dispose();
        folder.Dispose();
        Assert.DoesNotContain(Secret, said, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, kept, StringComparison.Ordinal);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_file_arrives_whole_and_not_a_second_time()
    {
        web.Answer = request => WebAnswer.File(request, data);
        var made = await FetchAsync(Address);
        Assert.Equal(["data.bin"], made.Files);
        Assert.Equal(data.Length, made.Bytes);
        Assert.Equal(data, await ReadAsync("data.bin"));
        Assert.Equal(2, web.Requests.Count);

        // The same file with a new signature: only its start is looked at.
        var sent = web.Sent;
        var again = await FetchAsync(Address.Replace(Secret, "another", StringComparison.Ordinal));
        Assert.Equal((0, 1, 0), (again.Files.Count, again.Unchanged, again.Bytes));
        Assert.Equal(TransferState.Unchanged, Assert.Single(again.Each()).State);
        Assert.Equal(1024, web.Sent - sent);
        Assert.Equal("bytes=0-1023", web.Requests.Last().Fields["Range"]);

        // Changed by a job, or changed at the server: it is fetched again.
        await File.WriteAllTextAsync(Path.Combine(Destination, "data.bin"), "changed", Stop);
        await FetchAsync(Address);
        Assert.Equal(data, await ReadAsync("data.bin"));
        var other = RandomNumberGenerator.GetBytes(data.Length);
        web.Answer = request => WebAnswer.File(request, other, "\"two\"");
        await FetchAsync(Address);
        Assert.Equal(other, await ReadAsync("data.bin"));
    }

    [Fact]
    public async Task A_file_with_the_right_hash_needs_no_server()
    {
        web.Answer = request => WebAnswer.File(request, data);
        await FetchAsync(Address, Hash);
        web.Answer = _ => throw new InvalidOperationException("It was asked.");
        Assert.Equal(2, web.Requests.Count);
        Assert.Equal(1, (await FetchAsync(Address, Hash.ToUpperInvariant())).Unchanged);
        Assert.Equal(2, web.Requests.Count);
    }

    [Fact]
    public async Task A_wrong_hash_leaves_no_file()
    {
        web.Answer = request => WebAnswer.File(request, data);
        var error = await FailsAsync("UriHashMismatch", Address, new string('0', 64));
        Assert.Contains(Hash, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Files(), name => name is "data.bin" or "part");
    }

    /// <summary>The connection breaks twice. The whole travels once.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_download_continues_where_it_was_cut(bool hasHash)
    {
        var left = 2;
        web.Answer = request => WebAnswer.File(request, data) is var answer && answer.Body.Length > 1_000_000 && left-- > 0
            ? answer with { CutAt = 1_000_000 } : answer;
        await FetchAsync(Address, hasHash ? Hash : null);
        Assert.Equal(data, await ReadAsync("data.bin"));
        Assert.InRange(web.Sent, data.Length, data.Length + (16 * 1024));
        Assert.Contains(web.Requests, request => request.Fields.TryGetValue("If-Range", out var tag) && tag == "\"one\"");
        Assert.Contains(log.Lines, line => line.Contains("broke off", StringComparison.Ordinal));
    }

    /// <summary>A date has spaces, which the condition must hold, too.</summary>
    [Fact]
    public async Task A_download_continues_by_the_date_of_the_file()
    {
        var cuts = 1;
        web.Answer = request =>
        {
            var answer = WebAnswer.File(request, data, "Wed, 21 Oct 2015 07:28:00 GMT");
            answer = answer with
            {
                Headers = [.. answer.Headers.Select(field => field.Replace("ETag", "Last-Modified", StringComparison.Ordinal))],
            };
            return answer.Body.Length > 1_000_000 && cuts-- > 0 ? answer with { CutAt = 1_000_000 } : answer;
        };
        await FetchAsync(Address);
        Assert.Equal(data, await ReadAsync("data.bin"));
        Assert.Equal("Wed, 21 Oct 2015 07:28:00 GMT", web.Requests.Last().Fields["If-Range"]);
        Assert.InRange(web.Sent, data.Length, data.Length + (16 * 1024));
    }

    [Fact]
    public async Task A_later_call_continues_with_a_new_signature()
    {
        web.Answer = At(
            3,
            _ => new WebAnswer { Status = 403, Body = "<Error><Code>ExpiredToken</Code></Error>"u8.ToArray() },
            request => WebAnswer.File(request, data) is var answer && answer.Body.Length > 1024 ? answer with { CutAt = 1_000_000 } : answer);
        await FailsAsync("UriExpired", Address);
        var sent = web.Sent;
        web.Answer = request => WebAnswer.File(request, data);
        await FetchAsync(Address.Replace(Secret, "another", StringComparison.Ordinal));
        Assert.Equal(data, await ReadAsync("data.bin"));
        Assert.InRange(web.Sent - sent, data.Length - 1_000_000, data.Length - 1_000_000 + (4 * 1024));
    }

    /// <summary>What was cut is of the old version, so nothing of it may be in the file, whatever the server ignores.</summary>
    [Theory]
    [InlineData("changed before the rest is asked for")]
    [InlineData("changed, and If-Range is ignored")]
    [InlineData("ranges are ignored")]
    [InlineData("no version")]
    [InlineData("a weak version")]
    public async Task Two_versions_are_never_mixed(string what)
    {
        var other = RandomNumberGenerator.GetBytes(data.Length);
        var gets = 0;
        web.Answer = request =>
        {
            var isFirst = gets == 0;
            var isStart = request.Fields.GetValueOrDefault("Range") == "bytes=0-1023";
            gets += isStart ? 0 : 1;
            var body = what is "ranges are ignored" || isFirst ? data : other;
            var answer = what switch
            {
                "ranges are ignored" when !isStart => WebAnswer.File(request with { Fields = new Dictionary<string, string>() }, body),
                "no version" or "a weak version" => WebAnswer.File(Unconditional(request), body, "W/\"x\""),
                "changed, and If-Range is ignored" => WebAnswer.File(
                    Unconditional(request), body, isFirst || isStart ? "\"one\"" : "\"two\""),
                _ => WebAnswer.File(request, body, isFirst || isStart ? "\"one\"" : "\"two\""),
            };
            answer = what == "no version" ? Without("ETag", answer) : answer;
            return isFirst && !isStart ? answer with { CutAt = 1_000_000 } : answer;
        };
        await FetchAsync(Address);
        Assert.Equal(what == "ranges are ignored" ? data : other, await ReadAsync("data.bin"));
    }

    [Fact]
    public async Task A_server_that_sends_nothing_more_is_asked_again()
    {
        var stalls = 1;
        web.Answer = request => WebAnswer.File(request, data) is var answer && answer.Body.Length > 1_000_000 && stalls-- > 0
            ? answer with { CutAt = 1_000_000, Then = stop => Task.Delay(Timeout.Infinite, stop) } : answer;
        await FetchAsync(Address, request: new UriRequest { StallLimit = TimeSpan.FromSeconds(2) });
        Assert.Equal(data, await ReadAsync("data.bin"));
        Assert.InRange(web.Sent, data.Length, data.Length + (16 * 1024));
    }

    [Fact]
    public async Task A_server_that_cannot_now_is_asked_again_for_a_while()
    {
        web.Answer = At(1, _ => new WebAnswer { Status = 503 }, request => WebAnswer.File(request, data));
        await FetchAsync(Address);
        Assert.Equal(data, await ReadAsync("data.bin"));
        web.Answer = _ => new WebAnswer { Status = 429 };
        var soon = new UriRequest { FirstLimit = TimeSpan.FromSeconds(2) };
        var error = await FailsAsync("UriFailed", "https://data.example/other", request: soon);
        Assert.Contains("429", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, "<Code>AccessDenied</Code><Message>Request has expired</Message>", "UriExpired", ErrorKind.PermissionDenied)]
    [InlineData(400, "<Error><Code>ExpiredToken</Code></Error>", "UriExpired", ErrorKind.PermissionDenied)]
    [InlineData(403, "<Error><Code>SignatureDoesNotMatch</Code></Error>", "UriRefused", ErrorKind.PermissionDenied)]
    [InlineData(401, "", "UriRefused", ErrorKind.PermissionDenied)]
    [InlineData(404, "<!doctype html>no", "UriNotFound", ErrorKind.ObjectNotFound)]
    [InlineData(410, "", "UriNotFound", ErrorKind.ObjectNotFound)]
    public async Task What_the_server_refuses_is_said_at_once(int status, string body, string id, ErrorKind kind)
    {
        web.Answer = _ => new WebAnswer { Status = status, Body = System.Text.Encoding.UTF8.GetBytes(body) };
        Assert.Equal(kind, (await FailsAsync(id, Address)).Kind);
        Assert.Single(web.Requests);
    }

    [Theory]
    [InlineData("text/html; charset=utf-8", "anything")]
    [InlineData("application/octet-stream", "\ufeff \r\n<!DOCTYPE html><title>Sign in</title>")]
    [InlineData("application/octet-stream", "<HTML lang=en>")]
    public async Task A_web_page_is_not_taken_for_data(string type, string body)
    {
        web.Answer = _ => new WebAnswer { Headers = [$"Content-Type: {type}"], Body = System.Text.Encoding.UTF8.GetBytes(body) };
        Assert.Contains("'data.bin'", (await FailsAsync("UriIsPage", Address)).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("data.bin", Files());
        Assert.Equal(["page.html"], (await FetchAsync("https://data.example/page.html")).Files);
    }

    /// <summary>A session may end between two requests.</summary>
    [Fact]
    public async Task A_web_page_in_place_of_the_rest_is_not_taken_for_data()
    {
        web.Answer = request => request.Fields.GetValueOrDefault("Range") == "bytes=0-1023" ? WebAnswer.File(request, data)
            : WebAnswer.Page("<p>Sign in</p>");
        await FailsAsync("UriIsPage", Address);
        Assert.DoesNotContain(Files(), name => name is "data.bin" or "part");
    }

    [Theory]
    [InlineData("http://other.example/x")]
    [InlineData("ftp://other.example/x")]
    [InlineData("file:///etc/passwd")]
    public async Task Only_another_safe_address_is_followed(string to)
    {
        web.Answer = _ => new WebAnswer { Status = 302, Headers = [$"Location: {to}?key={Secret}"] };
        Assert.Equal(ErrorKind.SecurityError, (await FailsAsync("UriRedirectUnsafe", Address)).Kind);
        web.Answer = request => request.Host == "data.example"
            ? WebAnswer.Page("<html>", 302) with { Headers = [$"Location: https://other.example/x?key={Secret}", "Content-Type: text/html"] }
            : WebAnswer.File(request, data);
        await FetchAsync(Address);
        Assert.Equal(data, await ReadAsync("data.bin"));
        web.Answer = _ => new WebAnswer { Status = 302, Headers = [$"Location: {Address}"] };
        await FailsAsync("UriRefused", Address);
    }

    [Theory]
    [InlineData("attachment; filename=\"../../../x.csv\"", "x.csv")]
    [InlineData("attachment; filename=\"/etc/x.csv\"", "x.csv")]
    [InlineData("attachment; filename=\"$(id); 'x' -rf *.csv\"", "$(id); 'x' -rf *.csv")]
    [InlineData("attachment; filename=\"naïve.csv\"", "naïve.csv")]
    [InlineData("attachment; filename*=UTF-8''%E6%95%B0%E6%8D%AE%0A%1B.csv", "数据.csv")]
    public async Task The_server_names_the_file_and_not_its_folder(string disposition, string name)
    {
        web.Answer = request => WebAnswer.File(request, data, more: $"Content-Disposition: {disposition}");
        Assert.Equal([name], (await FetchAsync("https://data.example/")).Files);
        Assert.Equal(data, await ReadAsync(name));

        // The user's own name goes first.
        Assert.Equal(["-own name.bin"], (await FetchAsync("https://data.example/", name: "-own name.bin")).Files);
        Assert.Equal(data, await ReadAsync("-own name.bin"));
    }

    [Fact]
    public async Task Without_a_name_the_user_is_asked_for_one()
    {
        web.Answer = request => WebAnswer.File(request, data);
        await FailsAsync("UriNameMissing", "https://data.example/");
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => EnsureAsync(new UriRequest
        {
            Sources = UriSource.ParseAll(["https://data.example/a/x", "https://data.example/b/x"], [], []), Destination = Destination,
        }));
        Assert.Equal("DataAmbiguous", error.Id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1024)]
    public async Task A_small_file_arrives(int size)
    {
        web.Answer = request => WebAnswer.File(request, data[..size]);
        Assert.Equal(size, (await FetchAsync(Address)).Bytes);
        Assert.Equal(data[..size], await ReadAsync("data.bin"));
    }

    [Fact]
    public async Task A_file_of_unknown_size_arrives()
    {
        web.Answer = _ => new WebAnswer { Body = data, HidesLength = true };
        Assert.Equal(data.Length, (await FetchAsync(Address)).Bytes);
        Assert.Equal(data, await ReadAsync("data.bin"));
    }

    [Fact]
    public async Task What_stands_in_the_way_is_named()
    {
        web.Answer = request => WebAnswer.File(request, data);
        Directory.CreateDirectory(Path.Combine(Destination, "data.bin"));
        var isFolder = await FailsAsync("RemotePathIsFolder", Address);
        Assert.Contains(Path.Combine(Destination, "data.bin"), isFolder.Message, StringComparison.Ordinal);
        folder.Write("file", "");
        var request = new UriRequest { Sources = [UriSource.Parse(Address)], Destination = folder["file/data"] };
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => EnsureAsync(request));
        Assert.Equal("RemotePathIsFile", error.Id);
        Assert.Contains(folder["file"], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_does_not_fit_is_not_begun()
    {
        web.Answer = request => WebAnswer.File(request, data) is var answer && answer.Status == 206
            ? answer with { Headers = [.. Without("Content-Range", answer).Headers, "Content-Range: bytes 0-1023/9000000000000000"] }
            : answer;
        var error = await FailsAsync("HostDiskFull", Address);
        Assert.Contains("needs 8.0 PiB, but", error.Message, StringComparison.Ordinal);
        Assert.Single(web.Requests);
    }

    [Fact]
    public async Task A_server_that_the_host_does_not_trust_gets_no_request()
    {
        using var strict = await SshServer.StartAsync(
            folder, "-t ed25519", SshServer.Authorize(folder), more: $"SetEnv SHLVL=1 https_proxy={web.Proxy}");
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => UriFetcher.EnsureAsync(
            HostAt(strict), new UriRequest { Sources = [UriSource.Parse(Address)], Destination = Destination }, log.Context, Stop));
        Assert.Equal(("UriCertificate", ErrorKind.SecurityError), (error.Id, error.Kind));
        Assert.Empty(web.Requests);
        SshConnectionPool.Close(HostAt(strict), log.Context);
    }

    [Fact]
    public async Task A_host_without_curl_says_so()
    {
        Directory.CreateDirectory(folder["bin"]);
        foreach (var program in new[] { "sh", "cat", "mkdir", "ss", "sleep" })
        {
            File.CreateSymbolicLink(folder[$"bin/{program}"], $"/usr/bin/{program}");
        }

        using var bare = await SshServer.StartAsync(
            folder, "-t ed25519", SshServer.Authorize(folder), more: $"SetEnv SHLVL=1 PATH={folder["bin"]}");
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => UriFetcher.EnsureAsync(
            HostAt(bare), new UriRequest { Sources = [UriSource.Parse(Address)], Destination = Destination }, log.Context, Stop));
        Assert.Equal(("CurlMissing", ErrorKind.NotInstalled), (error.Id, error.Kind));
        SshConnectionPool.Close(HostAt(bare), log.Context);
    }

    /// <summary>No list of processes and no environment shows the address. Ctrl+C ends the download, and the next call continues.</summary>
    [Fact]
    public async Task The_secret_is_in_no_process_and_Ctrl_C_leaves_none()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        web.Answer = request => WebAnswer.File(request, data) is var answer && answer.Body.Length > 1024 ? answer with
        {
            CutAt = 1_000_000,
            Then = stop =>
            {
                reached.SetResult();
                return Task.Delay(Timeout.Infinite, stop);
            },
        }
            : answer;
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var fetching = UriFetcher.EnsureAsync(
            host, new UriRequest { Sources = [UriSource.Parse(Address)], Destination = Destination }, log.Until(stopping.Token),
            stopping.Token);
        await reached.Task.WaitAsync(TimeSpan.FromMinutes(1), Stop);

        // The mark of this test's own download: other tests download at the same time.
        Assert.NotEmpty(Programs.With(Destination + "/.spottrainer-incoming"));
        Assert.Contains(Programs.With("curl -q"), line => line.Contains("--config -", StringComparison.Ordinal));
        Assert.Empty(Programs.With(Secret));
        Assert.DoesNotContain(Environments(), environment => environment.Contains(Secret, StringComparison.Ordinal));
        stopping.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetching);
        await Programs.UntilAsync(
            () => Task.FromResult(Programs.With(Destination).Count == 0), () => string.Join('\n', Programs.With(Destination)));

        var sent = web.Sent;
        web.Answer = request => WebAnswer.File(request, data);
        await FetchAsync(Address);
        Assert.Equal(data, await ReadAsync("data.bin"));
        Assert.InRange(web.Sent - sent, data.Length - 1_000_000, data.Length - 1_000_000 + (4 * 1024));
    }

    [Fact]
    public async Task Two_calls_at_once_do_not_write_the_same_file()
    {
        var (reached, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        web.Answer = request => WebAnswer.File(request, data) is var answer && answer.Body.Length > 1024 ? answer with
        {
            CutAt = 1_000_000,
            Then = _ =>
            {
                reached.TrySetResult();
                return go.Task;
            },
        }
            : answer;
        var first = FetchAsync(Address);
        await reached.Task.WaitAsync(TimeSpan.FromMinutes(1), Stop);
        await FailsAsync("UriBusy", Address, new string('0', 64));
        go.SetResult();
        await first;
        Assert.Equal(data, await ReadAsync("data.bin"));
    }

    [Fact]
    public async Task Google_Drive_gives_the_file_or_asks_first()
    {
        const string Link = $"https://drive.google.com/file/d/{DriveId}/view?usp=sharing";
        WebAnswer Drive(WebRequest request, string needed) =>
            request.Host != "drive.usercontent.google.com" || request.Path != "/download"
                || !request.Target.Contains($"id={DriveId}&", StringComparison.Ordinal)
                ? WebAnswer.Page("<html>Not found</html>", 404)
                : request.Target.Contains(needed, StringComparison.Ordinal)
                    ? WebAnswer.File(request, data, more: "Content-Disposition: attachment; filename=\"set.zip\"; filename*=UTF-8''set.zip")
                    : WebAnswer.Page($"""
                        <!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
                        <form id="download-form" action="https://drive.usercontent.google.com/download" method="get">
                        <input type="submit" id="uc-download-link" value="Download anyway"/><input type="hidden" name="id" value="{DriveId}">
                        <input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">
                        <input type="hidden" name="uuid" value="5f0c1d2e"></form></body></html>
                        """);
        web.Answer = request => Drive(request, "confirm=t");
        Assert.Equal(["set.zip"], (await FetchAsync(Link)).Files);
        Assert.Equal(2, web.Requests.Count);
        File.Delete(Path.Combine(Destination, "set.zip"));
        web.Answer = request => Drive(request, "uuid=5f0c1d2e");
        await FetchAsync(Link);
        Assert.Equal(data, await ReadAsync("set.zip"));
    }

    [Theory]
    [InlineData("quota", "DriveQuotaExceeded")]
    [InlineData("sign in", "UriRefused")]
    [InlineData("unknown", "UriIsPage")]
    [InlineData("gone", "UriNotFound")]
    public async Task A_page_of_Google_Drive_is_said_for_what_it_is(string what, string id)
    {
        web.Answer = request => what switch
        {
            "quota" => WebAnswer.Page("<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head></html>"),
            "gone" => WebAnswer.Page("<html></html>", 404),
            "sign in" when request.Host != "accounts.google.com" => new WebAnswer
            {
                Status = 302, Headers = [$"Location: https://accounts.google.com/ServiceLogin?continue={Secret}"],
            },
            _ => WebAnswer.Page("<!DOCTYPE html><html></html>"),
        };
        await FailsAsync(id, $"https://drive.google.com/open?id={DriveId}");
        Assert.Equal([], Files().Except(["done", "version", "lock"], StringComparer.Ordinal));
    }

    private static WebAnswer Without(string field, WebAnswer answer) => answer with
    {
        Headers = [.. answer.Headers.Where(one => !one.StartsWith(field, StringComparison.Ordinal))],
    };

    private static WebRequest Unconditional(WebRequest request) => request with
    {
        Fields = request.Fields.Where(field => field.Key != "If-Range").ToDictionary(StringComparer.OrdinalIgnoreCase),
    };

    /// <summary>Answers one request in another way.</summary>
    private static Func<WebRequest, WebAnswer> At(int which, Func<WebRequest, WebAnswer> other, Func<WebRequest, WebAnswer> answer)
    {
        var count = 0;
        return request => Interlocked.Increment(ref count) == which ? other(request) : answer(request);
    }

    private static IEnumerable<string> Environments()
    {
        foreach (var path in Directory.EnumerateDirectories("/proc").Where(path => Path.GetFileName(path).All(char.IsAsciiDigit)))
        {
            string text;
            try
            {
                text = File.ReadAllText(path + "/environ");
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            yield return text;
        }
    }

    private TrainingHost HostAt(SshServer at) => new("127.0.0.1", at.Port, Environment.UserName, folder["login"], [at.Fingerprint]);

    private Task<TrainingData> EnsureAsync(UriRequest request) => UriFetcher.EnsureAsync(host, request, log.Context, Stop);

    private Task<TrainingData> FetchAsync(string address, string? hash = null, string? name = null, UriRequest? request = null) =>
        EnsureAsync(new UriRequest
        {
            Sources = [UriSource.Parse(address, name, hash)], Destination = Destination,
            StallLimit = request?.StallLimit ?? new UriRequest().StallLimit,
            FirstLimit = request?.FirstLimit ?? new UriRequest().FirstLimit,
        });

    private async Task<SpotTrainerException> FailsAsync(string id, string address, string? hash = null, UriRequest? request = null)
    {
        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => FetchAsync(address, hash, request: request));
        Assert.True(id == error.Id, $"{error.Id}: {error.Message}");
        Assert.DoesNotContain(Secret, $"{error.Message}{error.NextStep}{error.Concerns}{error.InnerException}", StringComparison.Ordinal);
        return error;
    }

    private Task<byte[]> ReadAsync(string name) => File.ReadAllBytesAsync(Path.Combine(Destination, name), Stop);

    private string[] Files() => Directory.Exists(Destination)
        ? [.. Directory.EnumerateFiles(Destination, "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path))] : [];
}
