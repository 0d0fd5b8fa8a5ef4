using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Foundation;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("plain text, with ümlauts and 漢字 and 🙂", "plain text, with ümlauts and 漢字 and 🙂")]
    [InlineData("two\r\nlines\tand a tab", "two\r\nlines\tand a tab")]
    [InlineData("\u001b]0;title\u0007\u001b[2J", "\\x1b]0;title\\x07\\x1b[2J")]
    [InlineData("a\u0000b\u007fc\u009bd", "a\\x00b\\x7fc\\x9bd")]
    [InlineData("right\u202eto left", "right\\u202eto left")]
    [InlineData("", "")]
    public void Control_characters_become_visible(string text, string clean) => Assert.Equal(clean, TerminalText.Clean(text));

    [Fact]
    public void A_name_stays_on_one_line() => Assert.Equal("a\\x0ab\\x0d\\x09\\x1b", TerminalText.Line("a\nb\r\t\u001b"));

    [Fact]
    public void An_error_shows_no_escape_sequence_in_any_part()
    {
        var error = new SpotTrainerException("Id", ErrorKind.InvalidData, "a\u001b[31m", "b\u001b[31m");
        Assert.Equal(("a\\x1b[31m", "b\\x1b[31m"), (error.Message, error.NextStep));
    }
}
