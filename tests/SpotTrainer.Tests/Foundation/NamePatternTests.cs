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
