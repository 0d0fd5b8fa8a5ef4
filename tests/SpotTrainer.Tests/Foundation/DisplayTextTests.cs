using System.Globalization;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Foundation;

public sealed class DisplayTextTests
{
    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1, "1 byte")]
    [InlineData(999, "999 bytes")]
    [InlineData(1000, "1.0 KiB")]
    [InlineData(5427, "5.3 KiB")]
    [InlineData((1L << 20) - 1, "1.0 MiB")]
    [InlineData(1L << 31, "2.0 GiB")]
    [InlineData(5L << 40, "5.0 TiB")]
    [InlineData(long.MaxValue, "8.0 EiB")]
    public void A_size_has_the_unit_that_suits_it(long bytes, string text)
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.Equal(text, DisplayText.Size(bytes));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData(0, "0 files")]
    [InlineData(1, "1 file")]
    [InlineData(20012, "20,012 files")]
    public void One_thing_has_no_plural(long count, string text) => Assert.Equal(text, DisplayText.Count(count, "file"));
}
