using System.Globalization;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Conda;

/// <summary>Installs a Python stack on a host.</summary>
internal static class CondaInstaller
{
    /// <summary>Channels that stand for Anaconda's own, which have terms of service.</summary>
    private static readonly string[] WithTerms = ["https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"];

    /// <summary>Installs what is not installed yet.</summary>
    /// <exception cref="SpotTrainerException">Those of <see cref="CondaErrors"/>, and of connecting.</exception>
    public static async Task<CondaStack> EnsureAsync(
        TrainingHost host, CondaRequest request, StepContext context, CancellationToken cancellationToken)
    {
        CondaSpecs.Require(request);
        var activity = $"Installing the Python stack on {host}";
        context.Log.Progress(activity, "connecting");
        try
        {
            var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
            var talk = new CondaTalk(context, activity);
            var script = string.Join("\n", [.. Assignments(host, request), EmbeddedScript.Read("install_conda.sh")]);
            var command = new RemoteCommand("bash -s")
            {
                Title = "the installation", Timeout = request.Timeout, Input = () => new MemoryStream(System.Text.Encoding.UTF8.GetBytes(script)),
            };
            var end = await connection.ExecuteAsync(
                command,
                (stream, bytes) =>
                {
                    if (stream == TrainingCommandStream.Output)
                    {
                        talk.Add(bytes);
                    }

                    return Task.CompletedTask;
                },
                cancellationToken);
            talk.Finish();
            return talk.End switch
            {
                { } word when word.StartsWith("result ", StringComparison.Ordinal) && end.ExitCode == 0 =>
                    StackOf(host, request, CondaReport.Read(word.Substring("result ".Length)), talk),
                { } word when word.StartsWith("failed ", StringComparison.Ordinal) =>
                    throw CondaErrors.From(host, request, word.Substring("failed ".Length), talk.Answer),
                _ => throw CondaErrors.Ended(host, end.ExitCode),
            };
        }
        finally
        {
            context.Log.ProgressDone(activity);
        }
    }

    private static CondaStack StackOf(TrainingHost host, CondaRequest request, CondaReport report, CondaTalk talk)
    {
        // In the order in which they were asked for.
        var there = report.Packages.ToLookup(package => package.Name, StringComparer.OrdinalIgnoreCase);
        var stack = new CondaStack(host, report, Wanted(request).SelectMany(name => there[name].Take(1)).ToArray(), talk.Phases);
        return report.Errors.Count == 0 ? stack : throw CondaErrors.NotImported(stack, report.Errors);
    }

    /// <summary>The names of the packages that are asked for, which are imported at the end.</summary>
    private static IEnumerable<string> Wanted(CondaRequest request) =>
        CondaSpecs.Of(request).Select(CondaSpecs.NameOf).Concat(request.PipPackages.Select(CondaSpecs.NameOfPip))
            .Where(name => name is not "python" and not "pip").Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>Returns the assignments that install_conda.sh wants before it.</summary>
    private static IEnumerable<string> Assignments(TrainingHost host, CondaRequest request)
    {
        var distribution = request.Distribution ?? CondaInstallers.Default;
        var version = request.Version ?? CondaInstallers.Versions(distribution).First();
        var publisher = CondaInstallers.FolderOf(distribution, version);
        var standIn = request.Mirror is null && host is ICloudObject { Cloud.StandIns: { } standIns }
            && standIns.TryGetValue(CondaInstallers.PublisherOf(distribution), out var local) ? local : null;
        var file = CondaInstallers.FileOf(distribution, version, "ARCH");

        // Miniforge publishes the hash beside the file. A mirror's own would only say what the mirror has.
        var sums = standIn is not null ? $"{standIn}/{file}.sha256" : distribution == CondaInstallers.Default ? $"{publisher}/{file}.sha256" : string.Empty;
        var hashes = request.Sha256 is { } own ? own.ToLowerInvariant()
            : standIn is not null ? string.Empty : string.Join(" ", [.. CondaInstallers.HashesOf(distribution, version), "="]);
        var (platform, packages, pip) = request.Lock is { } text ? CondaLock.Read(text, "the lock") : (string.Empty, string.Empty, request.PipPackages);
        var terms = request.AcceptsTerms && request.Channels.Any(channel => channel == "defaults" || channel.Contains("repo.anaconda.com"))
            ? WithTerms : [];
        var values = new (string Name, string Value)[]
        {
            ("prefix", request.Prefix), ("name", request.Name ?? string.Empty),
            ("installer", string.Join(" ", new[] { request.Distribution ?? (request.Version is null ? null : distribution), request.Version }.OfType<string>())),
            ("file", file), ("address", (request.Mirror ?? standIn ?? publisher).TrimEnd('/')), ("sums", sums), ("sha256", hashes),
            ("stall", request.Stall.TotalSeconds.ToString(CultureInfo.InvariantCulture)),
            ("force", request.Force ? "yes" : string.Empty), ("wishes", request.Wishes()), ("gpu", request.Gpu ? "yes" : string.Empty),
            ("lock", packages), ("platform", platform), ("pip", string.Join("\n", pip)), ("is_default", request.IsDefault ? "yes" : string.Empty),
            ("report_stack", EmbeddedScript.Read("report_stack.py")),
        };
        var lists = new (string Name, IEnumerable<string> Words)[]
        {
            ("specs", CondaSpecs.Of(request)), ("channels", request.Channels), ("modules", Wanted(request)), ("terms", terms),
            ("variables", request.Variables.Select(one => $"{one.Key}={one.Value}")),
        };
        return values.Select(one => $"{one.Name}={ShellText.Quote(one.Value)}")
            .Concat(lists.Select(one => $"{one.Name}=({string.Join(" ", one.Words.Select(ShellText.Quote))})"));
    }
}
