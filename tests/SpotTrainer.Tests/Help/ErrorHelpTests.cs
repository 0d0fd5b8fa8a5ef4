using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Help;

/// <summary>The help explains every error that a user can meet.</summary>
public sealed class ErrorHelpTests
{
    /// <summary>The errors that never reach a user, and why.</summary>
    private static readonly Dictionary<string, string> Internal = new(StringComparer.Ordinal)
    {
        ["ParameterNotFound"] = "ImageResolver, the only caller of Systems Manager, reports ImageNotFound instead.",
        ["QuotaUnknown"] = "VCpuQuota, the only caller of Service Quotas, then reads AWS's default value.",
    };

    private static readonly string[] Projects = ["src/SpotTrainer", "src/SpotTrainer.Rehearsal"];

    /// <summary>One ID for each way to create an error.</summary>
    private static readonly HashSet<string> Samples =
        ["HostKeyMismatch", "JobFailed", "NoOfferLaunched", "KeyDamaged", "KeyEmpty", "QuotaExceeded", "NamespacesForbidden"];

    [Fact]
    public void Every_error_id_is_in_the_help()
    {
        var used = Projects.SelectMany(Sources).SelectMany(Ids).ToHashSet(StringComparer.Ordinal);
        Assert.Superset(Samples, used);
        var help = string.Join('\n', Directory.EnumerateFiles(Path.Combine(BuildFacts.Root, "docs/en-US"))
            .Where(path => path.EndsWith(".md", StringComparison.Ordinal) || path.EndsWith(".help.txt", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        Assert.Empty(used.Except(Internal.Keys, StringComparer.Ordinal).Where(id => !IsIn(help, id)).Order(StringComparer.Ordinal));
        Assert.All(Internal.Keys, id => Assert.True(used.Contains(id) && !IsIn(help, id), $"{id} is not internal."));
    }

    [Theory]
    [InlineData("""throw new SpotTrainerException("Bad", ErrorKind.InvalidData, "", "");""", "Bad")]
    [InlineData("""throw new SpotTrainerException("Bad", kind, "", "");""", "Bad")]
    [InlineData("""SpotTrainerException Make() => new("Bad", ErrorKind.InvalidData, "", "");""", "Bad")]
    [InlineData("""throw new SpotTrainerException(known ? other.Id : "Bad", kind, "", "");""", "Bad")]
    [InlineData("""throw KeyFileException.Other("Bad", "", "");""", "Bad")]
    [InlineData("""throw new SpotTrainerException(other.Id, ErrorKind.InvalidData, "Message", "");""", null)]
    [InlineData("""throw new AwsException("InvalidParameterValue", "Message");""", null)]
    [InlineData("""// throw new SpotTrainerException("Bad", ErrorKind.InvalidData, "", "");""", null)]
    public void A_planted_error_id_is_found(string source, string? id) => Assert.Equal(id, Ids(source).SingleOrDefault());

    private static IEnumerable<string> Sources(string project) =>
        Directory.EnumerateFiles(Path.Combine(BuildFacts.Root, project), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Select(File.ReadAllText);

    /// <summary>
    /// Returns the error IDs in a source: literals in the first argument where an error or an entry of the error table is created.
    /// </summary>
    private static IEnumerable<string> Ids(string source) => CSharpSyntaxTree.ParseText(source).GetRoot().DescendantNodes()
        .Select(node => node switch
        {
            BaseObjectCreationExpressionSyntax { ArgumentList.Arguments: { Count: > 1 } arguments } creation
                when creation is ObjectCreationExpressionSyntax { Type: IdentifierNameSyntax { Identifier.Text: "SpotTrainerException" } }
                    || arguments[1].ToString().StartsWith("ErrorKind.", StringComparison.Ordinal) => arguments[0],
            InvocationExpressionSyntax { ArgumentList.Arguments: { Count: > 1 } arguments } call
                when call.Expression.ToString() == "KeyFileException.Other" => arguments[0],
            _ => null,
        })
        .OfType<ArgumentSyntax>()
        .SelectMany(
            first => first.DescendantNodes().OfType<LiteralExpressionSyntax>()
                .Where(literal => literal.IsKind(SyntaxKind.StringLiteralExpression)))
        .Select(literal => literal.Token.ValueText);

    private static bool IsIn(string help, string id) =>
        Regex.IsMatch(help, $@"\b{id}\b", RegexOptions.None, TimeSpan.FromSeconds(1));
}
