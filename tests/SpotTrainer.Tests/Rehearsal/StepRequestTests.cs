using System.Collections;
using System.Management.Automation;
using System.Text;
using System.Text.Json;
using SpotTrainer.Conda;
using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Jobs;
using SpotTrainer.Jupyter;
using SpotTrainer.Rehearsal.Conda;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;
using SpotTrainer.Transfer;

namespace SpotTrainer.Tests.Rehearsal;

/// <summary>
/// The steps on a machine, called without a cmdlet: each request is saved, read back and carried out again, and nothing is done twice.
/// </summary>
[Collection(RehearsalSessionGroup.Name)]
[Trait("Speed", "Slow")]
public sealed class StepRequestTests(RehearsalSession session)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_step_can_be_repeated_from_its_saved_request()
    {
        var machine = session.Require(
            "Find-SpotOffer -InstanceType m7i.large -First 1 | New-SpotTrainingInstance -Name steps -MaxHours 1").Output[0];
        var host = Host(machine);
        var context = new StepContext(new RecordingLog());

        var conda = new CondaRequest { Packages = ["notebook", "pandas"], Mirror = Mirror(), Sha256 = Hash(),
            Version = CondaInstallers.Versions(CondaInstallers.Default).First() };
        var stack = await CondaInstaller.EnsureAsync(host, conda, context, Stop);
        Assert.Equal(stack.PythonVersion, (await CondaInstaller.EnsureAsync(host, Again(conda), context, Stop)).PythonVersion);

        var send = new SendRequest { Sources = [new SendSource(session.Folder.Write("steps-data.csv", "1\n2\n"))] };
        Assert.Equal(["steps-data.csv"], (await DataSender.EnsureAsync(host, send, context, Stop)).Files);
        Assert.Equal(1, (await DataSender.EnsureAsync(host, Again(send), context, Stop)).Unchanged);

        // The script counts how often it was run.
        var script = session.Folder.Write("steps.py", "open('runs.txt', 'a').write('x')\n");
        var job = JobRequest.Create(script, MachineLayout.CondaPrefix, context.Now);
        var started = await JobRunner.EnsureAsync(host, job, context, Stop);
        Assert.Equal(started.Id, (await JobRunner.EnsureAsync(host, Again(job), context, Stop)).Id);
        Assert.Equal("succeeded", (await JobRunner.WaitAsync(started, context, Stop)).State);
        Assert.Equal("succeeded", (await JobRunner.EnsureAsync(host, Again(job), context, Stop)).State);
        var request = ResultRequest.Of(started, session.Folder["steps-out"]);
        Assert.Contains("runs.txt", (await ResultReceiver.EnsureAsync(host, Again(request), context, Stop)).Files);
        Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(session.Folder["steps-out"], "runs.txt"), Stop));

        var security = SecurityRequest.Create(MachineLayout.CondaPrefix, password: null);
        var first = await JupyterConfigurator.EnsureAsync(host, security, context, Stop);
        var second = await JupyterConfigurator.EnsureAsync(host, Again(security), context, Stop);
        Assert.Equal(
            (first.CertificateFingerprint, first.CertificatePem.Trim(), first.NotAfter),
            (second.CertificateFingerprint, second.CertificatePem.Trim(), second.NotAfter));
        Assert.NotNull(first.Password);
        Assert.Null(second.Password);
        var server = new ServerRequest();
        var running = await JupyterDoor.EnsureAsync(host, server, context, Stop);
        Assert.Equal(running.ProcessId, (await JupyterDoor.EnsureAsync(host, Again(server), context, Stop)).ProcessId);

        context.Session.Dispose();
        session.Require("$null = Get-SpotTrainingInstance steps | Remove-SpotTrainingInstance -Confirm:$false");
    }

    /// <summary>Where the rehearsal's machines find its installer: a host of our own does not know its cloud.</summary>
    private string Mirror()
    {
        var folder = (string)((IDictionary)session.Rehearsal.Properties["Environment"].Value)["SPOTTRAINER_REHEARSAL"]!;
        using var description = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "rehearsal.json")));
        return description.RootElement.GetProperty("CondaMirror").GetString()!;
    }

    /// <summary>The hash of that installer.</summary>
    private static string Hash() => Encoding.ASCII.GetString(StandInInstaller.Find(
        $"{StandInInstaller.Folder}Miniforge3-{CondaInstallers.Versions(CondaInstallers.Default).First()}-Linux-x86_64.sh.sha256")!).Split(' ')[0];

    private static T Again<T>(T request)
        where T : class => SavedRequest.FromText<T>(SavedRequest.ToText(request));

    /// <summary>The machine as this assembly's own type: the session's is that of the module's load context.</summary>
    private static TrainingHost Host(PSObject machine) => new(
        (string)machine.Properties["HostName"].Value, (int)machine.Properties["Port"].Value, (string)machine.Properties["UserName"].Value,
        (string)machine.Properties["KeyPath"].Value, [.. ((IEnumerable<string>)machine.Properties["HostKeys"].Value)]);
}
