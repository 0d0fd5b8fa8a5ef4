using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Foundation;

/// <summary>What libraries and hosts say, as a sentence of a message.</summary>
public sealed class ErrorTranslationTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData(" It failed \nat line 5", "It failed.")]
    [InlineData("It failed.", "It failed.")]
    public void Only_the_first_line_is_shown(string text, string sentence) => Assert.Equal(sentence, ErrorTranslation.FirstSentence(text));

    [Fact]
    public void A_sentence_has_an_end()
    {
        var sentence = ErrorTranslation.FirstSentence(new string('x', 100_000));
        Assert.InRange(sentence.Length, 500, 2010);
        Assert.EndsWith("x...", sentence, StringComparison.Ordinal);

        // No character is split.
        var faces = ErrorTranslation.FirstSentence("x" + string.Concat(Enumerable.Repeat("\U0001F600", 5000)));
        Assert.False(char.IsHighSurrogate(faces.TrimEnd('.').Last()));
    }
}
