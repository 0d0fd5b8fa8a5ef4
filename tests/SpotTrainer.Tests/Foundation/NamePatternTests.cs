using System.Text.RegularExpressions;
using CsCheck;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Foundation;

public sealed class NamePatternTests
{
    private static readonly Gen<string> Letters = Gen.Int[0, 5].List[0, 8].Select(letters => string.Concat(letters.Select(letter => "abB*?."[letter])));

    [Theory]
    [InlineData("*", "eu-west-1", true)]
    [InlineData("EU-*", "eu-west-1", true)]
    [InlineData("eu-west-?", "eu-west-1", true)]
    [InlineData("eu-west", "eu-west-1", false)]
    [InlineData("g4dn.*", "g4dnXlarge", false)]
    [InlineData("A10G", "a10g", true)]
    [InlineData("[a]", "a", false)]
    public void Only_stars_and_question_marks_are_wildcards(string pattern, string name, bool expected) =>
        Assert.Equal(expected, NamePattern.Matches(pattern, name));

    /// <summary>The judge is a regular expression, which is too slow for patterns that a stranger wrote.</summary>
    [Fact]
    public void A_pattern_means_what_it_says() => Gen.Select(Letters, Letters).Sample((pattern, name) => Assert.Equal(
        Regex.IsMatch(
            name, "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "\\z",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10)),
        NamePattern.Matches(pattern, name)));

    [Fact]
    public void A_pattern_with_many_stars_takes_no_time() => Assert.False(NamePattern.Matches(
        string.Concat(Enumerable.Repeat("*a", 200)) + "b", new string('a', 5000)));

    [Theory]
    [InlineData("train*", "training", true)]
    [InlineData("Train*", "training", false)]
    [InlineData("Training", "training", false)]
    [InlineData("training", "training\n", false)]
    [InlineData("training*g", "training\ng", true)]
    [InlineData("training?", "training\n", true)]
    [InlineData("trainin?", "training\n", false)]
    public void Names_that_differ_in_case_only_can_be_told_apart(string pattern, string name, bool expected) =>
        Assert.Equal(expected, NamePattern.MatchesCase(pattern, name));
}
