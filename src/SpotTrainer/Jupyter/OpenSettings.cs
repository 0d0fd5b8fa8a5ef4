using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>
/// Finds settings that would leave Jupyter open to others, in all files that the server reads. The module's own settings would win over most
/// of them, but whoever wrote such a line expects it to hold.
/// </summary>
internal static class OpenSettings
{
    /// <summary>The fewest bits of a token that nobody can guess.</summary>
    public const int FewestBits = 128;

    /// <summary>Throws if a file has such a setting.</summary>
    /// <exception cref="SpotTrainerException"><c>JupyterOpen</c>, <c>JupyterConfigInvalid</c>.</exception>
    public static void Refuse(TrainingHost host, IEnumerable<JupyterFile> files)
    {
        foreach (var file in files)
        {
            var settings = JupyterSetting.Read(host, file);
            foreach (var setting in settings)
            {
                if (Why(setting, settings) is { } why)
                {
                    throw JupyterErrors.Open(host, file, setting, why);
                }
            }
        }
    }

    /// <summary>Returns how many bits a token has at most, by its length and the kinds of its letters.</summary>
    public static double Bits(string token)
    {
        var kinds = token.All(letter => letter is (>= '0' and <= '9') or (>= 'a' and <= 'f')) ? 16
            : token.All(letter => letter is (>= '0' and <= '9') or (>= 'a' and <= 'z')) ? 36
            : token.All(char.IsLetterOrDigit) ? 62 : 94;

        // A token of few letters has as many as it uses.
        return token.Length * Math.Log(Math.Min(kinds, token.Distinct().Count()), 2);
    }

    private static string? Why(JupyterSetting setting, IReadOnlyList<JupyterSetting> all) => (setting.Name, setting.Value) switch
    {
        ("allow_origin", "*") or ("allow_origin_pat", ".*" or "^.*$") => "any web site could use the server from the user's browser",
        ("disable_check_xsrf", "true") => "any web site could send requests to the server from the user's browser",
        ("allow_unauthenticated_access", "true") => "parts of the server would not ask for the password",
        ("token", { Length: > 0 } token) when Bits(token) < FewestBits => "the token can be guessed: it has fewer than 128 bits",
        ("token", "") when all.Any(one => one is { Name: "password" or "hashed_password", Value: "" }) => "the server would ask for neither a password nor a token",
        ("ip", var address) when !IsLoopback(address) && !(IsSet(all, "password", "hashed_password") && IsSet(all, "certfile")) =>
            "the server would be reachable from outside without both a password and TLS",
        _ => null,
    };

    private static bool IsSet(IEnumerable<JupyterSetting> all, params string[] names) =>
        all.Any(one => one.Value.Length > 0 && names.Contains(one.Name, StringComparer.Ordinal));

    private static bool IsLoopback(string address) =>
        address == "localhost" || (System.Net.IPAddress.TryParse(address, out var parsed) && System.Net.IPAddress.IsLoopback(parsed));
}
