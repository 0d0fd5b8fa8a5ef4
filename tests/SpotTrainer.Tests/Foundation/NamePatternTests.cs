
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Foundation;

public sealed class NamePatternTests
{
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
}
