using SpotTrainer.Rehearsal.Machines;

namespace SpotTrainer.Tests.Rehearsal.Machines;

public sealed class PrerequisitesTests
{
    [Fact]
    public void Nothing_is_missing_after_the_installation() => Assert.Empty(Prerequisites.Missing());

    [Fact]
    public void The_line_to_run_names_the_packages() => Assert.Equal(
        "sudo apt-get install -y --no-install-recommends bubblewrap socat", Prerequisites.InstallLine(["bubblewrap", "socat"]));

    [Fact]
    public async Task Installing_an_installed_package_changes_nothing_and_reports_progress()
    {
        Assert.SkipUnless(await Prerequisites.CanInstallAsync(TestContext.Current.CancellationToken), "Needs root or passwordless sudo.");
        var lines = new List<string>();
        await Prerequisites.InstallAsync(
            ["socat"], Assert.Fail, line => { lock (lines) { lines.Add(line); } }, TestContext.Current.CancellationToken);
        Assert.Equal("Installing socat", lines[0]);
        Assert.Contains(lines, line => line.StartsWith("socat is already the newest version", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("unshare: unshare failed: Operation not permitted", true)]
    [InlineData("something else", false)]
    public void Forbidden_user_namespaces_are_distinguished_from_other_failures(string said, bool forbidden) =>
        Assert.Equal(forbidden, UserNamespaces.Explain(said) is UserNamespacesForbiddenException);
}
