using SpotTrainer.Files;

namespace SpotTrainer.Tests.Files;

public sealed class HostPathTests
{
    [Theory]
    [InlineData("/root/x", "/root", "ubuntu", true)]
    [InlineData("/root", "/root", "ubuntu", true)]
    [InlineData("/home/me/a/b", "/home/me/", "ubuntu", true)]
    [InlineData("/home/me/a", "/home/me", "root", true)]
    [InlineData("/home/me/a", "/home/me", "me", false)]
    [InlineData("/root/x", "/root", "root", false)]
    [InlineData("/rooted/x", "/root", "ubuntu", false)]
    [InlineData("~/x", "/root", "ubuntu", false)]
    [InlineData("/mnt/x", "/", "ubuntu", false)]
    [InlineData("/mnt/x", "", "ubuntu", false)]
    [InlineData("/mnt/x", @"C:\Users\Me", "ubuntu", false)]
    public void A_home_folder_of_this_computer_is_told_from_the_hosts(string path, string home, string user, bool isOfHome) =>
        Assert.Equal(isOfHome, HostPath.IsOfHome(path, home, user));
}
