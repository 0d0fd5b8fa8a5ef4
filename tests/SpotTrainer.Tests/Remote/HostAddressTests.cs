using SpotTrainer.Foundation;
using SpotTrainer.Remote;

namespace SpotTrainer.Tests.Remote;

/// <summary>Hosts as users type them.</summary>
public sealed class HostAddressTests
{
    [Theory]
    [InlineData("gpu.example.org", "gpu.example.org", null, null)]
    [InlineData("admin@gpu.example.org", "gpu.example.org", "admin", null)]
    [InlineData("gpu.example.org:2222", "gpu.example.org", null, 2222)]
    [InlineData("admin@gpu:2222", "gpu", "admin", 2222)]
    [InlineData("me@firm.example@gpu", "gpu", "me@firm.example", null)]
    [InlineData("ssh://admin@gpu.example.org:2222", "gpu.example.org", "admin", 2222)]
    [InlineData("SSH://gpu/", "gpu", null, null)]
    [InlineData(" 192.0.2.10 ", "192.0.2.10", null, null)]
    [InlineData("192.0.2.10:22", "192.0.2.10", null, 22)]
    [InlineData("2001:db8::1", "2001:db8::1", null, null)]
    [InlineData("[2001:db8::1]", "2001:db8::1", null, null)]
    [InlineData("admin@[2001:db8::1]:2222", "2001:db8::1", "admin", 2222)]
    [InlineData("fe80::1%eth0", "fe80::1%eth0", null, null)]
    [InlineData("gpu_1", "gpu_1", null, null)]
    [InlineData("rechner-ü.example", "rechner-ü.example", null, null)]
    public void A_host_is_read_with_its_user_and_port(string text, string name, string? user, int? port) =>
        Assert.Equal(new HostAddress(name, user, port), HostAddress.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("@gpu")]
    [InlineData("gpu:")]
    [InlineData("gpu:0")]
    [InlineData("gpu:65536")]
    [InlineData("gpu:ssh")]
    [InlineData("gpu: 22")]
    [InlineData("[::1")]
    [InlineData("[::1]22")]
    [InlineData("two words")]
    [InlineData("gpu/path")]
    [InlineData("a,b")]
    [InlineData("*")]
    [InlineData("!gpu")]
    [InlineData("gpu\nother")]
    [InlineData("https://gpu")]
    public void What_is_no_host_is_an_error(string text)
    {
        var error = Assert.Throws<SpotTrainerException>(() => HostAddress.Parse(text));
        Assert.Equal(("HostNameInvalid", ErrorKind.InvalidArgument), (error.Id, error.Kind));
        Assert.NotEmpty(error.NextStep);
    }

    [Theory]
    [InlineData("gpu", "me", 2222, "me@gpu:2222", null)]
    [InlineData("gpu", "me", null, "me@gpu:22", null)]
    [InlineData("me@gpu:22", "me", 22, "me@gpu:22", null)]
    [InlineData("me@gpu:2222", null, null, "me@gpu:2222", null)]
    [InlineData("[2001:db8::1]:2222", "me", null, "me@[2001:db8::1]:2222", null)]
    [InlineData("me@gpu", "you", null, null, "HostNameHasUser")]
    [InlineData("me@gpu:23", null, 22, null, "HostNameHasPort")]
    [InlineData("gpu", null, null, null, "UserNameMissing")]
    public void Parameters_complete_a_host_and_never_contradict_it(string text, string? user, int? port, string? host, string? id)
    {
        if (id is null)
        {
            Assert.Equal(host, HostAddress.Parse(text).ToHost(user, port, "key", []).ToString());
        }
        else
        {
            Assert.Equal(id, Assert.Throws<SpotTrainerException>(() => HostAddress.Parse(text).ToHost(user, port, "key", [])).Id);
        }
    }
}
