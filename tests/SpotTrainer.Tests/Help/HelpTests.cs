using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Help;

public sealed class HelpTests
{
    [Theory]
    [InlineData("Connect-TrainingHost", "Connects to any Linux machine over SSH and returns the host that the other steps work on.")]
    [InlineData("Invoke-TrainingCommand", "Runs a command on one or more hosts, and writes its output line by line as it arrives.")]
    public void Get_Help_shows_the_page(string cmdlet, string synopsis)
    {
        using var module = new ModuleRunspace();

        var result = module.Run(
            "param($name) $help = Get-Help $name; $help.Synopsis.Trim(); @($help.examples.example).Count; @($help.parameters.parameter).Count",
            new Dictionary<string, object>(StringComparer.Ordinal) { ["name"] = cmdlet });

        Assert.Empty(result.Errors);
        Assert.Equal(synopsis, (string)result.Output[0].BaseObject);
        Assert.True(result.Output[1].BaseObject is >= 2);
        Assert.True(result.Output[2].BaseObject is > 3);
    }

    [Fact]
    public void Every_page_describes_the_parameters_that_the_cmdlet_has()
    {
        using var module = new ModuleRunspace();

        var result = module.Run("""
            $common = [System.Management.Automation.Cmdlet]::CommonParameters
            foreach ($command in Get-Command -Module SpotTrainer) {
                $help = Get-Help $command.Name
                if (-not $help.description) { continue }
                $described = $help.parameters.parameter | ForEach-Object Name
                foreach ($name in $command.Parameters.Keys) {
                    if ($name -notin $common -and $name -notin $described) { "$($command.Name) -$name is not described" }
                }
                foreach ($name in $described) {
                    if ($name -notin $command.Parameters.Keys) { "$($command.Name) has no -$name" }
                }
            }
            """);

        Assert.Empty(result.Errors);
        Assert.Empty(result.Output.Select(line => (string)line.BaseObject));
    }

    [Fact]
    public void Every_page_leads_to_its_related_pages()
    {
        using var module = new ModuleRunspace();

        var result = module.Run("""
            foreach ($command in Get-Command -Module SpotTrainer) {
                foreach ($link in (Get-Help $command.Name).relatedLinks.navigationLink.linkText) { "$($command.Name): $link" }
            }
            """);

        Assert.Empty(result.Errors);
        var links = result.Output.Select(line => (string)line.BaseObject).ToArray();
        Assert.Contains("Send-TrainingData: about_SpotTrainer_Transfer", links);
        Assert.All(
            Directory.GetFiles(Path.Combine(BuildFacts.Root, "docs", "en-US"), "*-*.md"), page => Assert.Contains(
                links, link => link.StartsWith(Path.GetFileNameWithoutExtension(page) + ": ", StringComparison.Ordinal)));
    }

    /// <summary>Get-Help writes them between dashes.</summary>
    [Fact]
    public void No_title_of_an_example_wraps_at_80_columns() => Assert.All(
        Directory.GetFiles(Path.Combine(BuildFacts.Root, "docs", "en-US"), "*-*.md").SelectMany(File.ReadLines)
            .Where(line => line.StartsWith("### Example ", StringComparison.Ordinal)),
        line => Assert.True($"    -------- {line["### ".Length..]} --------".Length <= 80, line));

    /// <summary>Get-Help indents examples by four columns.</summary>
    [Fact]
    public void No_line_of_an_example_wraps_at_80_columns()
    {
        foreach (var page in Directory.GetFiles(Path.Combine(BuildFacts.Root, "docs", "en-US"), "*-*.md"))
        {
            var isCode = false;
            foreach (var line in File.ReadLines(page))
            {
                isCode = line.StartsWith("```", StringComparison.Ordinal) ? line == "```powershell" : isCode;
                Assert.True(!isCode || line.Length <= 76, $"{Path.GetFileName(page)}: {line}");
            }
        }
    }
}
