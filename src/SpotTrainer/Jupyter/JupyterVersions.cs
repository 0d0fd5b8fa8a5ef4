using System.Globalization;
using System.Text.RegularExpressions;

namespace SpotTrainer.Jupyter;

/// <summary>Which Jupyter a Python stack has.</summary>
/// <param name="Notebook">The version of the package notebook; null if it is not there.</param>
/// <param name="Server">The version of the package jupyter_server; null if it is not there.</param>
/// <param name="Lab">The version of the package jupyterlab; null if it is not there.</param>
internal sealed record JupyterVersions(Version? Notebook, Version? Server, Version? Lab)
{
    /// <summary>The first version of Notebook that reads Argon2.</summary>
    private static readonly Version FirstWithArgon2 = new(6, 1);

    private static readonly Regex Package = new(
        @"\A(?<name>notebook|jupyter_server|jupyterlab)-(?<major>\d{1,4})(\.(?<minor>\d{1,4}))?(\.(?<patch>\d{1,4}))?",
        RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    /// <summary>Whether the stack has a server of any kind.</summary>
    public bool IsThere => Notebook is not null || Server is not null;

    /// <summary>Whether <c>jupyter notebook</c> is the server of its own that it was before version 7.</summary>
    public bool HasClassic => Notebook is { Major: < 7 };

    /// <summary>Whether jupyter_server has the names of version 2 for the password and the token.</summary>
    public bool HasIdentityProvider => Server is { Major: >= 2 };

    /// <summary>The hash that all of its servers can read.</summary>
    public JupyterHashAlgorithm Hash => Notebook is { } version && version < FirstWithArgon2 ? JupyterHashAlgorithm.Sha512 : JupyterHashAlgorithm.Argon2;

    /// <summary>Reads names such as <c>notebook-6.4.12-pyha770c72_0.json</c> and <c>jupyter_server-2.15.0.dist-info</c>. The first counts.</summary>
    public static JupyterVersions From(IEnumerable<string> packages)
    {
        var found = packages.Select(name => Package.Match(name)).Where(match => match.Success)
            .GroupBy(match => match.Groups["name"].Value, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => Version(group.First()), StringComparer.Ordinal);
        return new JupyterVersions(Of("notebook"), Of("jupyter_server"), Of("jupyterlab"));

        Version? Of(string name) => found.TryGetValue(name, out var version) ? version : null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", new[] { ("Notebook", Notebook), ("Jupyter Server", Server), ("JupyterLab", Lab) }
        .Where(one => one.Item2 is not null).Select(one => $"{one.Item1} {one.Item2}"));

    private static Version Version(Match match)
    {
        return new Version(Number("major"), Number("minor"), Number("patch"));

        int Number(string part) => match.Groups[part] is { Success: true, Value: var text } ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
    }
}
