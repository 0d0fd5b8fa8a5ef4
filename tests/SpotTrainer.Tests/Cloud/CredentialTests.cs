using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SpotTrainer.Rehearsal.Endpoint;
using SpotTrainer.Tests.Rehearsal.Endpoint;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Cloud;

#pragma warning disable CA5350 // AWS's tools name their files with SHA-1.

/// <summary>
/// Credentials from the places that AWS's own tools use: files, roles, sign-in, and their errors. Each test runs the packaged module in a
/// separate process.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class CredentialTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("Find-SpotOffer m7i.large -First 1")]
    [InlineData("Find-SpotOffer m7i.large -First 1 -ProfileName plain")]
    public async Task A_profile_from_the_shared_files_is_used(string script)
    {
        await using var endpoint = new TestEndpoint();
        var (_, output, error) = await RunAsync(endpoint, $"({script}).Where");
        Assert.Equal(("000000000000\n", string.Empty), (output.Replace("rehearsal", "000000000000", StringComparison.Ordinal), error));
    }

    [Fact]
    public async Task A_profile_that_assumes_a_role_works()
    {
        await using var endpoint = new TestEndpoint();
        var (_, output, error) = await RunAsync(endpoint, "(Find-SpotOffer m7i.large -First 1 -ProfileName role).InstanceType");
        Assert.Equal(("m7i.large\n", string.Empty), (output, error));
        Assert.Equal(1, endpoint.Endpoint.Calls["AssumeRole"]);
    }

    [Fact]
    public async Task A_role_that_cannot_be_assumed_is_an_error_with_a_next_step()
    {
        await using var endpoint = new TestEndpoint();
        var (_, output, error) = await RunAsync(
            endpoint, "try { Find-SpotOffer m7i.large -ProfileName strange -ErrorAction Stop } catch { $_.FullyQualifiedErrorId; \"$_\" }");
        Assert.StartsWith("NotAllowed,SpotTrainer.Market.FindSpotOfferCommand\n", output, StringComparison.Ordinal);
        Assert.Empty(error);
    }

    [Fact]
    public async Task A_profile_with_single_sign_on_works_until_the_session_expires()
    {
        await using var endpoint = new TestEndpoint();
        await using var portal = new Portal(endpoint);
        WriteToken(DateTime.UtcNow.AddHours(1));
        var (_, output, error) = await RunAsync(
            endpoint, "(Find-SpotOffer m7i.large -First 1 -ProfileName signed-on).InstanceType", portal.Url);
        Assert.Equal(("m7i.large\n", string.Empty), (output, error));

        WriteToken(DateTime.UtcNow.AddHours(-1));
        (_, output, _) = await RunAsync(
            endpoint,
            "try { Find-SpotOffer m7i.large -ProfileName signed-on -ErrorAction Stop } catch { $_.FullyQualifiedErrorId; \"$_\" }",
            portal.Url);
        Assert.StartsWith("CredentialsExpired,SpotTrainer.Market.FindSpotOfferCommand\n", output, StringComparison.Ordinal);
        Assert.Contains("aws sso login", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expired_credentials_are_an_error_with_a_next_step()
    {
        await using var endpoint = new TestEndpoint();
        var (_, output, _) = await RunAsync(
            endpoint, "try { Find-SpotOffer m7i.large -ProfileName ended -ErrorAction Stop } catch { $_.FullyQualifiedErrorId; \"$_\" }");
        Assert.StartsWith("CredentialsExpired,SpotTrainer.Market.FindSpotOfferCommand\n", output, StringComparison.Ordinal);
        Assert.Contains("aws sso login", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Find-SpotOffer m7i.large -ProfileName nobody", "UnknownProfile")]
    [InlineData("Find-SpotOffer m7i.large -ProfileName wrong", "CredentialsRejected")]
    [InlineData("Find-SpotOffer m7i.large -ProfileName no-region", "NoRegion")]
    public async Task Errors_of_profiles_have_their_own_ids(string script, string id)
    {
        await using var endpoint = new TestEndpoint();
        var (_, output, _) = await RunAsync(endpoint, $"try {{ {script} -ErrorAction Stop }} catch {{ $_.FullyQualifiedErrorId }}");
        Assert.Equal($"{id},SpotTrainer.Market.FindSpotOfferCommand\n", output);
    }

    [Theory]
    [InlineData("-ProfileName twice", "The profile 'twice' has no complete credentials.")]
    [InlineData("-ProfileName region-only", "The profile 'region-only' has no complete credentials.")]
    [InlineData("-ProfileName mfa", "The profile 'mfa' requires an MFA code, which the module does not prompt for.")]
    [InlineData("-ProfileName no-source", "The profile 'no-source' assumes a role, but does not say with which credentials.")]
    [InlineData("-ProfileName lost-source", "The profile 'lost-source' assumes a role with the profile 'nobody', which does not exist.")]
    [InlineData("-ProfileName process", "The profile's credential_process failed: ")]
    [InlineData("$env:AWS_PROFILE = 'mfa'", "The profile 'mfa' requires an MFA code, which the module does not prompt for.")]
    [InlineData(
        "$env:AWS_PROFILE = 'lost-source'", "The profile 'lost-source' assumes a role with the profile 'nobody', which does not exist.")]
    public async Task A_profile_that_cannot_be_used_is_an_error_that_says_why(string chosen, string message)
    {
        await using var endpoint = new TestEndpoint();
        var (set, parameter) = chosen[0] == '$' ? (chosen + "; ", string.Empty) : (string.Empty, chosen);
        var (_, output, _) = await RunAsync(
            endpoint,
            $"{set}try {{ Find-SpotOffer m7i.large {parameter} -ErrorAction Stop }} catch {{ $_.FullyQualifiedErrorId; \"$_\" }}");
        Assert.StartsWith($"ProfileInvalid,SpotTrainer.Market.FindSpotOfferCommand\n{message}", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-ProfileName plain")]
    [InlineData("-ProfileName plain -Region eu-west-1")]
    public async Task A_damaged_file_is_named_with_the_line_number_but_not_the_line(string parameters)
    {
        await using var endpoint = new TestEndpoint();
        var (_, output, _) = await RunAsync(
            endpoint, $"try {{ Find-SpotOffer m7i.large {parameters} -ErrorAction Stop }} catch {{ $_.FullyQualifiedErrorId; \"$_\" }}",
            damage: "[default\naws_secret_access_key_made_for_tests\n");
        Assert.StartsWith(
            $"ProfileInvalid,SpotTrainer.Market.FindSpotOfferCommand\nLine 1 of {Path.Combine(folder.Path, "config")} is neither a section nor a setting.", output, StringComparison.Ordinal);
        Assert.DoesNotContain("made_for_tests", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_profile_from_the_environment_is_named()
    {
        await using var endpoint = new TestEndpoint();
        var (_, output, _) = await RunAsync(
            endpoint,
            "$env:AWS_PROFILE = 'nobody'; try { Find-SpotOffer m7i.large -ErrorAction Stop } catch { $_.FullyQualifiedErrorId; \"$_\" }");
        Assert.StartsWith(
            "UnknownProfile,SpotTrainer.Market.FindSpotOfferCommand\nThere is no profile 'nobody'.", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-ProfileName role", "")]
    [InlineData("", "role")]
    public async Task If_AWS_cannot_be_reached_for_a_role_it_is_a_connection_error(string parameter, string profile)
    {
        await using var endpoint = new TestEndpoint();
        var (_, output, _) = await RunAsync(endpoint,
            $"$env:AWS_PROFILE = '{profile}'; $env:AWS_ENDPOINT_URL_STS = 'http://127.0.0.1:9/'; try {{ Find-SpotOffer m7i.large {parameter} -ErrorAction Stop }} catch {{ $_.FullyQualifiedErrorId; $_.CategoryInfo.Category }}");
        Assert.Equal("ConnectionFailed,SpotTrainer.Market.FindSpotOfferCommand\nConnectionError\n", output);
    }

    [Theory]
    [InlineData("$env:AWS_ENDPOINT_URL_EC2, $env:AWS_ENDPOINT_URL_STS, $env:AWS_ENDPOINT_URL = $env:AWS_ENDPOINT_URL, $env:AWS_ENDPOINT_URL, 'http://127.0.0.1:9/'", "")]
    [InlineData("$env:AWS_ENDPOINT_URL = $null", "-ProfileName elsewhere")]
    [InlineData("$env:AWS_ENDPOINT_URL = $null; $env:AWS_PROFILE = 'elsewhere'", "")]
    [InlineData(
        "$url = $env:AWS_ENDPOINT_URL; $env:AWS_ENDPOINT_URL_EC2 = $env:AWS_ENDPOINT_URL_STS = 'http://127.0.0.1:9/'", "-EndpointUrl $url")]
    public async Task Endpoint_URLs_come_from_the_same_places_as_for_AWSs_tools(string set, string parameters)
    {
        await using var endpoint = new TestEndpoint();
        var (_, output, error) = await RunAsync(endpoint, $"{set}; (Get-SpotPrice m7i.large {parameters})[0].InstanceType");
        Assert.Equal(("m7i.large\n", string.Empty), (output, error));
    }

    [Theory]
    [InlineData(
        "[System.Collections.Generic.SortedSet[string]]::new([string[]](Get-SpotPrice m7i.large -Region * -ProfileName no-region).Region)",
        "eu-central-1\neu-west-1\nus-east-1\nus-west-2\n")]
    [InlineData("Get-SpotTrainingInstance -ProfileName no-region; 'listed'", "listed\n")]
    public async Task All_regions_can_be_asked_even_if_none_is_set(string script, string expected)
    {
        await using var endpoint = new TestEndpoint();
        var (_, output, error) = await RunAsync(endpoint, script);
        Assert.Equal((expected, string.Empty), (output, error));
    }

    private async Task<(int Code, string Output, string Error)> RunAsync(
        TestEndpoint endpoint, string script, string? portal = null, string damage = "")
    {
        var (key, secret) = (endpoint.Endpoint.AccessKeyId, endpoint.Endpoint.SecretAccessKey);
        var ended = endpoint.Endpoint.BeginSession(TimeSpan.Zero);
        var config = folder.Write("config", damage + $"""
            [default]
            region = eu-central-1
            [profile plain]
            region = eu-central-1
            [profile ended]
            region = eu-central-1
            [profile wrong]
            region = eu-central-1
            [profile role]
            region = eu-central-1
            role_arn = arn:aws:iam::000000000000:role/trainer
            source_profile = default
            [profile strange]
            region = eu-central-1
            role_arn = arn:aws:iam::111111111111:role/trainer
            source_profile = default
            [profile region-only]
            region = eu-central-1
            [profile mfa]
            region = eu-central-1
            role_arn = arn:aws:iam::000000000000:role/trainer
            source_profile = default
            mfa_serial = arn:aws:iam::000000000000:mfa/me
            [profile no-source]
            region = eu-central-1
            role_arn = arn:aws:iam::000000000000:role/trainer
            [profile lost-source]
            region = eu-central-1
            role_arn = arn:aws:iam::000000000000:role/trainer
            source_profile = nobody
            [profile process]
            region = eu-central-1
            credential_process = false
            [profile elsewhere]
            region = eu-central-1
            endpoint_url = {endpoint.Endpoint.Url}
            [profile twice]
            region = eu-central-1
            [profile signed-on]
            region = eu-central-1
            sso_session = corp
            sso_account_id = 000000000000
            sso_role_name = trainer
            [sso-session corp]
            sso_start_url = https://example.invalid/start
            sso_region = eu-central-1
            sso_registration_scopes = sso:account:access
            """);
        var credentials = folder.Write("credentials", $"""
            [default]
            aws_access_key_id = {key}
            aws_secret_access_key = {secret}
            [plain]
            aws_access_key_id = {key}
            aws_secret_access_key = {secret}
            [ended]
            aws_access_key_id = {ended.AccessKeyId}
            aws_secret_access_key = {ended.SecretAccessKey}
            aws_session_token = {ended.Token}
            [twice]
            aws_access_key_id = {key}
            aws_access_key_id = {key}
            aws_secret_access_key = {secret}
            [elsewhere]
            aws_access_key_id = {key}
            aws_secret_access_key = {secret}
            [no-region]
            aws_access_key_id = {key}
            aws_secret_access_key = {secret}
            [wrong]
            aws_access_key_id = {key}
            aws_secret_access_key = {secret}x
            """);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = folder.Path,
            ["XDG_DATA_HOME"] = folder.Path,
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            ["AWS_CONFIG_FILE"] = config,
            ["AWS_SHARED_CREDENTIALS_FILE"] = credentials,
            ["AWS_ENDPOINT_URL"] = endpoint.Endpoint.Url.ToString(),
        };
        if (portal is not null)
        {
            environment["AWS_ENDPOINT_URL_SSO"] = portal;
        }

        const string forget = "'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN', 'PROFILE', 'REGION', 'DEFAULT_REGION' | ForEach-Object { [Environment]::SetEnvironmentVariable(\"AWS_$_\", $null) }\n";
        using var shell = ShellProcess.Start([folder.Write("script.ps1", forget + script)], environment);
        return (await shell.WaitAsync(), shell.Output, shell.Error);
    }

    /// <summary>Writes what 'aws sso login' leaves: a file named after the session.</summary>
    private void WriteToken(DateTime ends)
    {
        var cache = Directory.CreateDirectory(Path.Combine(folder.Path, ".aws", "sso", "cache")).FullName;
        var name = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes("corp")));
        File.WriteAllText(Path.Combine(cache, name + ".json"), JsonSerializer.Serialize(new
        {
            startUrl = "https://example.invalid/start", region = "eu-central-1", accessToken = "made-for-tests",
            expiresAt = ends.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        }));
    }

    /// <summary>The only call that clients make to the sign-in portal: role credentials for a token.</summary>
    private sealed class Portal : IAsyncDisposable
    {
        private readonly HttpListener listener = new();
        private readonly Task answering;

        public Portal(TestEndpoint endpoint)
        {
            using (var free = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                Url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
            }

            listener.Prefixes.Add(Url);
            listener.Start();
            answering = AnswerAsync(endpoint.Endpoint);
        }

        public string Url { get; }

        public async ValueTask DisposeAsync()
        {
            listener.Close();
            await answering;
        }

        private async Task AnswerAsync(Ec2Endpoint endpoint)
        {
            while (listener.IsListening)
            {
                try
                {
                    var context = await listener.GetContextAsync();
                    var known = context.Request.Url!.AbsolutePath == "/federation/credentials"
                        && context.Request.Headers["x-amz-sso_bearer_token"] == "made-for-tests";
                    var keys = endpoint.BeginSession(TimeSpan.FromHours(1));
                    var body = JsonSerializer.SerializeToUtf8Bytes(new
                    {
                        roleCredentials = new
                        {
                            accessKeyId = keys.AccessKeyId, secretAccessKey = keys.SecretAccessKey, sessionToken = keys.Token,
                            expiration = keys.Ends.ToUnixTimeMilliseconds(),
                        },
                    });
                    context.Response.StatusCode = known ? 200 : 401;
                    context.Response.ContentType = "application/json";
                    await context.Response.OutputStream.WriteAsync(known ? body : [], Stop);
                    context.Response.Close();
                }
                catch (Exception exception) when (
                    exception is HttpListenerException or ObjectDisposedException or InvalidOperationException)
                {
                    // The test is over.
                }
            }
        }
    }
}
