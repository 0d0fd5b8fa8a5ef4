using SpotTrainer.Files;

namespace SpotTrainer.Tests.Files;

public sealed class IgnoreRulesTests
{
    private static readonly string[] Names = ["#c", "a", "b", "b ", "d\\", "e"];

    /// <summary>The examples of gitignore(5), and what is easy to get wrong. Git 2.39 says the same of each pattern and path.</summary>
    [Theory]
    [InlineData("hello.*", "a/hello.txt", true)]
    [InlineData("/hello.*", "a/hello.txt", false)]
    [InlineData("/hello.*", "hello.c", true)]
    [InlineData("foo/", "foo", false)]
    [InlineData("doc/frotz", "a/doc/frotz", false)]
    [InlineData("foo/*", "foo/test.json", true)]
    [InlineData("foo/*", "foo/bar/hello.c", false)]
    [InlineData("**/foo/bar", "a/b/foo/bar", true)]
    [InlineData("**/foo/bar", "foo/bar", true)]
    [InlineData("abc/**", "abc/d/e", true)]
    [InlineData("abc/**", "abc", false)]
    [InlineData("a/**/b", "a/b", true)]
    [InlineData("a/**/b", "a/x/y/b", true)]
    [InlineData("a/**/b", "a/xb", false)]
    [InlineData("#x", "#x", true)]
    [InlineData(" x ", " x ", true)]
    [InlineData("\\!x", "!x", true)]
    [InlineData("x\\", "x\\", false)]
    [InlineData("[", "[", false)]
    [InlineData("?", "é", false)]
    [InlineData("??", "é", true)]
    [InlineData("[^a]", "b", true)]
    [InlineData("[^a]", "a", false)]
    [InlineData("[a-c-e]", "d", false)]
    [InlineData("[a-c-e]", "-", true)]
    [InlineData("a[!b]/c", "a//c", false)]
    [InlineData("a[!b]c/", "a/c", false)]
    [InlineData("/a[!b]c", "a/c", false)]
    [InlineData("foo**/bar", "foobar", true)]
    [InlineData("foo**/bar", "foo/x/y/bar", true)]
    [InlineData("/foo*/bar", "foobar", false)]
    [InlineData("/f?o**/bar", "foo/x/bar", false)]
    [InlineData("", "x", false)]
    [InlineData("/", "x", false)]
    public void A_pattern_matches_as_gitignore_says(string pattern, string path, bool expected) =>
        Assert.Equal(expected, Matches(pattern, path));

    [Theory]
    [InlineData("x/", true)]
    [InlineData("x**//", true)]
    [InlineData("x//", false)]
    public void A_slash_at_the_end_asks_for_a_folder(string pattern, bool expected)
    {
        var rules = new IgnoreRules([], [pattern], ignoreCase: false).In("folder");

        Assert.Equal(expected, rules.Judge("x", isFolder: true).StaysBehind);
        Assert.False(rules.Judge("x", isFolder: false).StaysBehind);
    }

    [Theory]
    [InlineData("# x", "")]
    [InlineData("\n \n\r\n", "")]
    [InlineData("a  \r\nb", "a,b")]
    [InlineData("b\\   ", "b ")]
    [InlineData("\\#c", "#c")]
    [InlineData("d\\\\ ", "d\\")]
    [InlineData("*\n!e", "#c,a,b,b ,d\\")]
    public void Comments_empty_lines_and_trailing_spaces_of_a_file_say_nothing(string content, string expected)
    {
        var rules = new IgnoreRules([], [], ignoreCase: false).In("x");
        rules.Read(content);

        Assert.Equal(expected, string.Join(',', Names.Where(name => rules.Judge(name, isFolder: false).StaysBehind)));
    }

    /// <summary>Regular expressions and a simple search take longer than the universe lasts.</summary>
    [Theory]
    [InlineData("*a")]
    [InlineData("**/a/")]
    [InlineData("*[a]")]
    public void A_pattern_with_many_stars_takes_no_time(string part) => Assert.False(
        Matches(
            string.Concat(Enumerable.Repeat(part, 200)) + "b", string.Concat(Enumerable.Repeat("a/", 200)) + new string('a', 2000) + "cb"));

    [Theory]
    [InlineData("*.ÄB", "x.äb")]
    [InlineData("[A-Z]x", "qX")]
    public void Case_means_nothing_on_Windows(string pattern, string path)
    {
        Assert.True(Matches(pattern, path, ignoreCase: true));
        Assert.False(Matches(pattern, path));
    }

    [Fact]
    public void Secrets_stay_behind_in_any_case_on_Windows()
    {
        Verdict Judge(bool ignoreCase) => new IgnoreRules([], [], ignoreCase).In("x").Judge("Kaggle.JSON", isFolder: false);

        Assert.Equal(LeftOutReason.Secrets, Judge(ignoreCase: true).Because?.Reason);
        Assert.True(Judge(ignoreCase: false).IsTaken);
    }

    private static bool Matches(string pattern, string path, bool ignoreCase = false) =>
        IgnorePattern.FromArgument(pattern, ignoreCase).Matches(new MatchPath(path, ignoreCase), 0, isFolder: false);
}
