using System.Globalization;
using SpotTrainer.Market;

namespace SpotTrainer.Tests.Market;

public sealed class PriceTextTests
{
    [Theory]
    [InlineData("0.0292000000", "0.0292")]
    [InlineData("218.4", "218.4")]
    [InlineData("0", "0")]
    [InlineData("-0.1", null)]
    [InlineData("0,03", null)]
    [InlineData("1e3", null)]
    [InlineData("10000.01", null)]
    [InlineData("79228162514264337593543950336", null)]
    [InlineData("NaN", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void What_cannot_be_a_price_is_none(string? text, string? price) =>
        Assert.Equal(price, PriceText.Parse(text)?.ToString(CultureInfo.InvariantCulture));
}
