using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;
using SpotTrainer.Remote;

namespace SpotTrainer.Jupyter;

/// <summary>Brings a Jupyter server to this computer through SSH, and opens it in the browser, logged in.</summary>
[Cmdlet(VerbsCommunications.Connect, "JupyterServer", SupportsShouldProcess = true, DefaultParameterSetName = "Browser")]
[OutputType(typeof(JupyterConnection), typeof(string))]
public sealed class ConnectJupyterServerCommand : HostStepCmdlet
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>The port on this computer. The default is the one of the last time, or the number of the server's own port.</summary>
    [Parameter]
    [ValidateRange(1, 65535)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int LocalPort { get; set; }

    /// <summary>Opens no browser.</summary>
    [Parameter(ParameterSetName = "Browser")]
    public SwitchParameter NoBrowser { get; set; }

    /// <summary>Returns the address in place of an object, for another program.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Url")]
    public SwitchParameter Url { get; set; }

    /// <summary>Adds the token to the address. Whoever has it can use the server.</summary>
    [Parameter(ParameterSetName = "Url")]
    public SwitchParameter IncludeToken { get; set; }

    /// <summary>Copies the address to the clipboard, and does not show it.</summary>
    [Parameter(ParameterSetName = "Url")]
    public SwitchParameter ToClipboard { get; set; }

    /// <summary>
    /// Lets programs on this computer connect without TLS, such as VS Code, which refuses a certificate that nobody has signed. The way from this
    /// computer to the server is encrypted all the same.
    /// </summary>
    [Parameter]
    public SwitchParameter PlainHttp { get; set; }

    /// <summary>Lets pages of Google Colab use the server, as a local runtime, until this connection ends. It includes -PlainHttp.</summary>
    [Parameter]
    public SwitchParameter ForColab { get; set; }

    /// <summary>Holds the connection until Ctrl+C. In a script, the connection ends with the script otherwise.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>The folder of the Python stack on the host. From the pipeline, it is the folder of the stack.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string Prefix { get; set; } = MachineLayout.CondaPrefix;

    private protected override string Action => "open a tunnel to Jupyter";

    private protected override bool IsLimited => !Wait;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (!Wait && ScriptHost.EndsByItself(Environment.GetCommandLineArgs()))
        {
            Output.Warning("The connection to Jupyter ends with this script. Use -Wait to hold it until Ctrl+C.");
        }
    }

    private protected override Func<CancellationToken, Task> Prepare(TrainingHost host)
    {
        var request = new ConnectionRequest { Prefix = Prefix, LocalPort = LocalPort == 0 ? null : LocalPort, PlainHttp = PlainHttp, ForColab = ForColab };
        return async stopping =>
        {
            var connection = await JupyterConnector.EnsureAsync(host, request, Context, stopping);
            try
            {
                await (Url ? GiveUrlAsync(connection) : GiveAsync(connection));
                if (Wait)
                {
                    await Patience.Endless(LookEvery).AskAsync(
                        Context.Time, () => Task.FromResult(connection.State), state => state == TrainingTunnelState.Closed, mayPass: null, stopping);
                    Output.Warning($"The connection to Jupyter on {host} has ended. {connection.Reason}");
                }
            }
            finally
            {
                if (Wait)
                {
                    Context.Session.Get<ConnectionStore>().Close(connection, Context.Session.Get<TunnelStore>());
                }
            }
        };
    }

    private async Task GiveAsync(JupyterConnection connection)
    {
        if (!connection.PlainHttp)
        {
            Output.Information(
                $"A browser warns that nobody has signed the certificate of {connection.Url}. It is the right one if its SHA-256 fingerprint is "
                + connection.CertificateFingerprint);
        }

        if (!NoBrowser)
        {
            var door = BrowserDoor.Make(connection, Context.Time);
            connection.Parts.Add(door);
            if (!Desktop.Open(door.Url))
            {
                door.Dispose();
                Output.Information($"This computer has no display or no browser. Open {connection.Url} yourself.");
            }
        }

        await Output.ObjectAsync(connection);
    }

    private async Task GiveUrlAsync(JupyterConnection connection)
    {
        var url = IncludeToken ? $"{connection.Url}?token={connection.Login.Token}" : connection.Url;
        if (!ToClipboard)
        {
            await Output.ObjectAsync(url);
        }
        else if (!Desktop.Copy(url))
        {
            throw JupyterErrors.NoClipboard();
        }
    }
}
