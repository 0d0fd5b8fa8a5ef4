using SpotTrainer.Rehearsal.Machines;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal.Machines;

public sealed class PrerequisitesTests
{
    [Fact]
    public void Nothing_is_missing_once_it_was_installed() => Assert.Empty(Prerequisites.Missing());

    [Fact]
    public void The_line_to_run_names_the_packages() => Assert.Equal(
        "sudo apt-get install -y --no-install-recommends bubblewrap socat", Prerequisites.InstallLine(["bubblewrap", "socat"]));

    [Fact]
    public async Task Installing_what_is_there_changes_nothing_and_tells_what_it_does()
    {
        Assert.SkipUnless(await Prerequisites.CanInstallAsync(TestContext.Current.CancellationToken), "Needs root or sudo without a password.");
        var told = new List<string>();
        await Prerequisites.InstallAsync(["socat"], Assert.Fail, line => { lock (told) { told.Add(line); } }, TestContext.Current.CancellationToken);
        Assert.Equal("Installing socat", told[0]);
        Assert.Contains(told, line => line.StartsWith("socat is already the newest version", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("unshare: unshare failed: Operation not permitted", true)]
    [InlineData("something else", false)]
    public void Forbidden_user_namespaces_are_told_from_other_trouble(string said, bool forbidden) =>
        Assert.Equal(forbidden, UserNamespaces.Explain(said) is UserNamespacesForbiddenException);
}
