using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace SpotTrainer.Instances;

/// <summary>
/// A JSON fragment of Windows Terminal, with a profile for each instance
/// (https://learn.microsoft.com/windows/terminal/json-fragment-extensions).
/// </summary>
internal static class TerminalFragment
{
    /// <summary>The name of its file. Windows Terminal reads every .json file of the folder.</summary>
    public const string FileName = "instances.json";

    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true };

    /// <summary>Returns the fragment with the profiles of the given names for ssh.</summary>
    public static string Of(IEnumerable<string> aliases) => JsonSerializer.Serialize(
        new
        {
            profiles = aliases.OrderBy(alias => alias, StringComparer.Ordinal)
                .Select(alias => new { guid = GuidOf(alias).ToString("B"), name = $"SpotTrainer: {alias}", commandline = $"ssh {alias}" }),
        }, Options);

    /// <summary>The same for the same name: the user's changes to the profile then also hold for the next instance of that name.</summary>
    private static Guid GuidOf(string alias)
    {
        using var sha = SHA256.Create();
        return new Guid(sha.ComputeHash(Encoding.UTF8.GetBytes("SpotTrainer/" + alias)).Take(16).ToArray());
    }
}
