using System.Text;
using System.Text.RegularExpressions;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>What a host has of Jupyter: its versions, the configuration that the server reads, and the certificate. Nothing is started.</summary>
internal sealed class JupyterSetup
{
    /// <summary>More names than a machine has. A certificate is made for all of them.</summary>
    private const int MostNames = 16;

    private static readonly Regex Name = new(@"\A[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?\z", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    private JupyterSetup(string home, JupyterVersions versions, IReadOnlyList<JupyterFile> files, IReadOnlyList<string> names) =>
        (Home, Versions, Files, Names) = (home, versions, files, names);

    /// <summary>The user's home folder.</summary>
    public string Home { get; }

    /// <summary>Which Jupyter the stack has.</summary>
    public JupyterVersions Versions { get; }

    /// <summary>The files with settings that the server reads.</summary>
    public IReadOnlyList<JupyterFile> Files { get; }

    /// <summary>The names and addresses of the host, as far as it was asked for them.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The certificate on the host; an empty string if there is none.</summary>
    public string CertificatePem { get; private init; } = string.Empty;

    /// <summary>The fingerprint of the certificate that was written last with its key.</summary>
    public string Fingerprint { get; private init; } = string.Empty;

    /// <summary>The module's own folder.</summary>
    public string Folder => MachineLayout.Jupyter.Replace("~", Home);

    /// <summary>Returns a file of the module's own folder; null if it is not there.</summary>
    public JupyterFile? Own(string name) => Files.FirstOrDefault(file => file.Path == $"{Folder}/{name}");

    /// <summary>Returns a setting of the module's own configuration; null if it is not there.</summary>
    public string? OwnSetting(TrainingHost host, params string[] names) => JupyterConfiguration.Names.Select(Own)
        .Where(file => file is not null).SelectMany(file => JupyterSetting.Read(host, file!))
        .FirstOrDefault(setting => setting.Value.Length > 0 && names.Contains(setting.Name, StringComparer.Ordinal))?.Value;

    /// <summary>Reads what a host has.</summary>
    /// <param name="host">The host.</param>
    /// <param name="prefix">The folder of the Python stack.</param>
    /// <param name="withNames">Whether to ask it for its names and addresses.</param>
    /// <param name="context">Log, clock, and session.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<JupyterSetup> ReadAsync(
        TrainingHost host, string prefix, bool withNames, StepContext context, CancellationToken cancellationToken)
    {
        var connection = await SshConnectionPool.GetAsync(host, context, cancellationToken);
        var names = !withNames ? string.Empty : host is SpotTrainingInstance ? "ec2" : "names";
        return From(host, await connection.RequireAsync(
            $"sh -s -- {ShellText.Quote(prefix)} {names}", "Looking at Jupyter", cancellationToken, EmbeddedScript.Read("inspect_jupyter.sh")));
    }

    /// <summary>Reads the output of the script.</summary>
    /// <exception cref="SpotTrainerException"><c>JupyterConfigInvalid</c>: a file is too long to be a configuration.</exception>
    internal static JupyterSetup From(TrainingHost host, string output)
    {
        var lines = output.Split('\n').Select(line => line.Split([' '], 2)).Where(line => line.Length == 2).ToLookup(
            line => line[0], line => line[1], StringComparer.Ordinal);
        var home = lines["home"].FirstOrDefault() ?? string.Empty;
        if (lines["large"].FirstOrDefault() is { } large)
        {
            throw JupyterErrors.ConfigInvalid(host, new JupyterFile(Decode(large), string.Empty, home), line: 1, column: 1);
        }

        var files = lines["file"].Select(line => line.Split(' ')).Where(parts => parts.Length == 2)
            .Select(parts => new JupyterFile(Decode(parts[0]), Decode(parts[1]), home)).ToArray();
        return new JupyterSetup(
            home, JupyterVersions.From(lines["package"]), [.. files.Where(file => file.IsJson || file.IsPython)],
            [.. lines["name"].Select(name => name.Trim()).Where(name => Name.IsMatch(name) || System.Net.IPAddress.TryParse(name, out _))
                .Distinct(StringComparer.OrdinalIgnoreCase).Take(MostNames)])
        {
            CertificatePem = Text("/certificate.pem"), Fingerprint = Text("/fingerprint").Trim(),
        };

        string Text(string ending) =>
            files.FirstOrDefault(file => file.Path.EndsWith(ending, StringComparison.Ordinal))?.Text ?? string.Empty;
    }

    private static string Decode(string text)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            return string.Empty;
        }
    }
}
