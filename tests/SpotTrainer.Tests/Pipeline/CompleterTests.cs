using System.Management.Automation;
using SpotTrainer.Pipeline;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Pipeline;

/// <summary>PowerShell completes the names of files wherever nothing else completes. That makes sense for paths only.</summary>
public sealed class CompleterTests : IDisposable
{
    /// <summary>The parameters that take a path on this computer.</summary>
    private static readonly string[] Paths =
    [
        "Path", "LiteralPath", "Destination", "KeyPath", "InputFile", "EnvironmentFile", "DataPath", "LockFile", "CertificateFile", "KeyFile",
    ];


    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Values =>
        [.. All().Select(parameter => $"{parameter.DeclaringType!.Name}.{parameter.Name}").Distinct(StringComparer.Ordinal)];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Values))]
    public void Every_value_that_is_no_path_has_a_completer(string name)
    {
        var parameter = All().First(one => $"{one.DeclaringType!.Name}.{one.Name}" == name);
        Assert.True(Paths.Contains(parameter.Name, StringComparer.Ordinal)
            || parameter.IsDefined(typeof(ArgumentCompleterAttribute), inherit: false)
            || parameter.IsDefined(typeof(ValidateSetAttribute), inherit: false));
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public void PowerShell_offers_the_names_of_files_for_paths_only()
    {
        folder.Write("1-file", string.Empty);
        using var shell = new ModuleRunspace();
        var offered = shell.Run(
            """
            param($folder)
            Set-Location $folder
            foreach ($command in Get-Command -Module SpotTrainer) {
                foreach ($parameter in $command.Parameters.Values | Where-Object { -not $_.SwitchParameter -and $_.Name -notin [System.Management.Automation.Cmdlet]::CommonParameters }) {
                    foreach ($word in '', '1') {
                        $line = "$command -$($parameter.Name) $word"
                        if ([System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText -match '1-file') { $parameter.Name }
                    }
                }
            }
            """, new Dictionary<string, object>(StringComparer.Ordinal) { ["folder"] = folder.Path });
        Assert.Empty(offered.Errors);
        Assert.Equal(
            Paths.Order(StringComparer.Ordinal),
            offered.Output.Select(name => (string)name.BaseObject).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    /// <summary>The values that PowerShell does not know itself. It completes enumerations, and switches have none.</summary>
    private static IEnumerable<System.Reflection.PropertyInfo> All() => typeof(StepCmdlet).Assembly.GetTypes()
        .Where(type => type.IsSubclassOf(typeof(PSCmdlet)) && !type.IsAbstract).SelectMany(type => type.GetProperties())
        .Where(property => property.IsDefined(typeof(ParameterAttribute), inherit: false)
            && property.PropertyType != typeof(SwitchParameter) && !property.PropertyType.IsEnum);
}
