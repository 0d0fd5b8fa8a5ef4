using SpotTrainer.Doors;

namespace SpotTrainer.Tests.Doors;

public sealed class CallerAddressTests
{
    [Theory]
    [InlineData("198.51.100.7", true, true)]
    [InlineData("1", true, false)]
    [InlineData("0x7f.1", true, false)]
    [InlineData("010.1.2.3", true, false)]
    [InlineData("224.0.0.1", true, false)]
    [InlineData("255.255.255.255", true, false)]
    [InlineData("0.0.0.0", true, false)]
    [InlineData("10.0.0.1", true, false)]
    [InlineData("127.0.0.1", true, false)]
    [InlineData("127.0.0.1", false, true)]
    [InlineData("192.168.1.5", true, false)]
    [InlineData("172.20.0.1", true, false)]
    [InlineData("169.254.1.1", true, false)]
    [InlineData("100.64.0.1", true, false)]
    [InlineData("::1", true, false)]
    [InlineData("198.51.100.7\n198.51.100.8", true, false)]
    [InlineData("<html>", true, false)]
    public void The_address_service_is_believed_only_if_it_names_a_callers_address(string text, bool isPublic, bool isAddress) =>
        Assert.Equal(isAddress, CallerAddress.IsAddress(text, isPublic));
}
