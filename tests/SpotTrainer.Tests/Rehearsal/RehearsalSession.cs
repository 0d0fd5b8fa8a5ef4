using System.Collections;
using System.Management.Automation;
using System.Reflection;
using Amazon.EC2;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Rehearsal;

/// <summary>A PowerShell session with the packaged module and a running rehearsal, for all tests of cmdlets.</summary>
public sealed class RehearsalSession : IDisposable
{
    public RehearsalSession()
    {
        Shell = new ModuleRunspace();
        Rehearsal = Require("Start-SpotRehearsal -InstallMissing").Output[0];
    }

    internal PSObject Rehearsal { get; }

    internal ModuleRunspace Shell { get; }

    internal TemporaryFolder Folder { get; } = new();

    public void Dispose()
    {
        Shell.Run("Stop-SpotRehearsal -ErrorAction Ignore");
        Shell.Dispose();
        Folder.Dispose();
    }

    /// <summary>Runs a script that must not report an error.</summary>
    internal ModuleResult Require(string script, params (string Name, object Value)[] arguments)
    {
        var result = Run(script, arguments);
        Assert.True(result.Errors.Count == 0, string.Join('\n', result.Errors.Select(error => $"{error.FullyQualifiedErrorId}: {error}")));
        return result;
    }

    /// <summary>Runs a script with the arguments as its variables.</summary>
    internal ModuleResult Run(string script, params (string Name, object Value)[] arguments) => Shell.Run(
        arguments.Length == 0 ? script : $"param({string.Join(", ", arguments.Select(argument => "$" + argument.Name))}) {script}",
        arguments.ToDictionary(argument => argument.Name, argument => argument.Value, StringComparer.Ordinal));

    /// <summary>AWS's own client at the rehearsal's endpoint.</summary>
    internal AmazonEC2Client Client(string? region = null)
    {
        var environment = (IDictionary)Rehearsal.Properties["Environment"].Value;
        return new AmazonEC2Client(
            (string)environment["AWS_ACCESS_KEY_ID"]!, (string)environment["AWS_SECRET_ACCESS_KEY"]!,
            new AmazonEC2Config { ServiceURL = (string)environment["AWS_ENDPOINT_URL"]!,
                AuthenticationRegion = region ?? (string)environment["AWS_DEFAULT_REGION"]! });
    }

    /// <summary>Returns how often an action of EC2 was called so far.</summary>
    internal int Calls(string action)
    {
        const BindingFlags Inner = BindingFlags.Instance | BindingFlags.NonPublic;
        var host = Rehearsal.BaseObject.GetType().GetProperty("Host", Inner)!.GetValue(Rehearsal.BaseObject)!;
        var endpoint = host.GetType().GetFields(Inner).Select(field => field.GetValue(host)).Single(value => value?.GetType().Name == "Ec2Endpoint")!;
        return ((IReadOnlyDictionary<string, int>)endpoint.GetType().GetProperty("Calls")!.GetValue(endpoint)!).GetValueOrDefault(action);
    }

    /// <summary>A host that does not answer. Its type is the module's own, from its load context.</summary>
    internal object HostOfTheModule()
    {
        var type = ((System.Management.Automation.CmdletInfo)Require("Get-Command Connect-TrainingHost").Output[0].BaseObject)
            .ImplementingType.Assembly.GetType("SpotTrainer.Remote.TrainingHost", throwOnError: true)!;
        return Activator.CreateInstance(
            type, BindingFlags.Instance | BindingFlags.NonPublic, binder: null,
            ["127.0.0.1", 9, "somebody", "/nowhere/key.pem", Array.Empty<string>()], culture: null)!;
    }

    /// <summary>Writes a notebook with the given code cells.</summary>
    internal string Notebook(string name, params string[] cells)
    {
        var code = cells.Select((source, index) => new
        {
            cell_type = "code", execution_count = (int?)null, id = $"cell{index}", metadata = new { }, outputs = Array.Empty<object>(),
            source,
        });
        return Folder.Write(name, System.Text.Json.JsonSerializer.Serialize(new
        {
            cells = code, metadata = new { kernelspec = new { display_name = "Python 3", language = "python", name = "python3" } },
            nbformat = 4, nbformat_minor = 5,
        }));
    }
}

/// <summary>A process can run only one rehearsal, so the tests that use it run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class RehearsalSessionGroup : ICollectionFixture<RehearsalSession>
{
    public const string Name = "rehearsal session";
}
