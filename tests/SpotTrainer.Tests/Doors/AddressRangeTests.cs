using SpotTrainer.Doors;
using SpotTrainer.Foundation;

namespace SpotTrainer.Tests.Doors;

public sealed class AddressRangeTests
{
    [Theory]
    [InlineData("203.0.113.7/32", "203.0.113.7/32", false)]
    [InlineData("198.51.100.7/24", "198.51.100.0/24", false)]
    [InlineData("10.255.255.255/9", "10.128.0.0/9", false)]
    [InlineData("12.34.56.78/7", "12.0.0.0/7", true)]
    [InlineData("1.2.3.4/0", "0.0.0.0/0", true)]
    public void A_range_is_stored_with_its_first_address_and_wide_ranges_are_recognized(string text, string cidr, bool wide)
    {
        var range = AddressRange.Parse(text);
        Assert.Equal((cidr, wide), (range.Cidr, range.IsWide));
    }

    [Theory]
    [InlineData("1.2.3.4")]
    [InlineData("1.2.3.4/33")]
    [InlineData("300.1.1.1/32")]
    [InlineData("010.0.0.1/32")]
    [InlineData("0x1.2.3.4/32")]
    [InlineData("1.2/32")]
    [InlineData("::1/128")]
    [InlineData("1.2.3.4/+8")]
    [InlineData("/8")]
    public void An_invalid_or_ambiguous_range_is_an_error(string text) =>
        Assert.Equal("CidrInvalid", Assert.Throws<SpotTrainerException>(() => AddressRange.Parse(text)).Id);
}
