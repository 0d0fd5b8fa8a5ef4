using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpotTrainer.Tests.Support;

/// <summary>Debian's Chromium without a window, driven over WebDriver (W3C). It trusts one certificate, and no other.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly Process driver;
    private readonly HttpClient client;
    private readonly TemporaryFolder profile = new();
    private string session = "";

    private Chromium(Process driver, int port)
    {
        this.driver = driver;
        client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/"), Timeout = Limit };
    }

    /// <summary>Starts it.</summary>
    /// <param name="pin">The SHA-256 hash of the public key that it trusts, in base64.</param>
    public static async Task<Chromium> StartAsync(string pin)
    {
        await DebianPackages.EnsureAsync("chromium", "chromium-driver");
        var port = SshServer.FreePort();
        var browser = new Chromium(Programs.Start("chromedriver", $"--port={port}", "--silent"), port);
        await Programs.UntilAsync(browser.AnswersAsync, () => "chromedriver does not answer.");
        browser.session = (string)(await browser.SendAsync("session", new
        {
            capabilities = new
            {
                alwaysMatch = new Dictionary<string, object>(StringComparer.Ordinal)
                {
                    ["browserName"] = "chrome",
                    ["goog:chromeOptions"] = new
                    {
                        binary = "/usr/bin/chromium",
                        args = new[]
                        {
                            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                            "--user-data-dir=" + browser.profile.Path, "--ignore-certificate-errors-spki-list=" + pin,
                        },
                    },
                },
            },
        }))!["sessionId"]!;
        return browser;
    }

    public Task GoAsync(string url) => SendAsync($"session/{session}/url", new { url });

    public async Task<string> UrlAsync() => (string)(await GetAsync("url"))!;

    /// <summary>Runs a script in the page, and returns what it returns.</summary>
    public Task<JsonNode?> RunAsync(string script) => SendAsync($"session/{session}/execute/sync", new { script, args = Array.Empty<object>() });

    /// <summary>Waits until a script in the page returns true. A page that is just being loaded has no answer.</summary>
    public async Task UntilAsync(string condition)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Limit; await Task.Delay(200))
        {
            try
            {
                if ((bool?)await RunAsync($"return !!({condition})") == true)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // The page changes.
            }
        }

        Assert.Fail($"{condition} was never true at {await UrlAsync()}:\n{await RunAsync("return document.body.innerText.slice(0, 2000)")}");
    }

    public async ValueTask DisposeAsync()
    {
        if (session.Length > 0)
        {
            await client.DeleteAsync("session/" + session);
        }

        driver.Kill(entireProcessTree: true);
        await driver.WaitForExitAsync();
        driver.Dispose();
        client.Dispose();
        profile.Dispose();
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            return (await client.GetAsync("status")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<JsonNode?> GetAsync(string what) =>
        (await client.GetFromJsonAsync<JsonNode>($"session/{session}/{what}"))!["value"];

    private async Task<JsonNode?> SendAsync(string path, object body)
    {
        using var content = new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json");
        var answer = await client.PostAsync(path, content);
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)!["value"] : throw new HttpRequestException(text);
    }
}
