using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Resources;
using Microsoft.PowerShell;
using SpotTrainer.Shell;

Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
Environment.SetEnvironmentVariable("POWERSHELL_UPDATECHECK", "Off");
if (Console.IsOutputRedirected || Console.IsErrorRedirected)
{
    // PowerShell would write its colors into a file, too.
    PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
}

var state = InitialSessionState.CreateDefault();

// Not ImportPSModule: when a module can't be imported, PowerShell's host waits forever.
state.StartupScripts.Add(Path.Combine(AppContext.BaseDirectory, "Import.ps1"));
if (OperatingSystem.IsWindows())
{
    state.ExecutionPolicy = ExecutionPolicy.Bypass;
}

var atPrompt = Array.TrueForAll(args, argument => argument.StartsWith('-'))
    || args.Any(argument => argument.StartsWith("-noe", StringComparison.OrdinalIgnoreCase));
var help = new ResourceManager("Microsoft.PowerShell.ConsoleHost.resources.ManagedEntranceStrings", typeof(ConsoleShell).Assembly)
    .GetString("UsageHelp", CultureInfo.InvariantCulture);
using var signals = new EndSignals(atPrompt);

try
{
    // A script must do the same for everybody: the profile is loaded by '. $PROFILE' alone.
    var code = ConsoleShell.Start(state, $"PowerShell {PSVersionInfo.PSVersion}", help, ["-NoProfile", .. args]);
    return signals.ExitCode ?? code;
}
catch (Exception) when (signals.ExitCode is not null)
{
    // A prompt that was about to run something found its runspace closed.
    return signals.ExitCode.Value;
}
