using System.Globalization;
using System.Management.Automation.Host;

namespace SpotTrainer.Shell;

/// <summary>The engine's view of this program.</summary>
internal sealed class ShellHost : PSHost
{
    private readonly ShellTerminal terminal;
    private readonly ShellUserInterface ui;

    public ShellHost(ShellTerminal terminal, CancellationToken stopping)
    {
        this.terminal = terminal;
        ui = new ShellUserInterface(terminal, stopping);
    }

    /// <summary>What the script's own <c>exit</c> asked for.</summary>
    public int? ExitCode { get; private set; }

    public override string Name => "SpotTrainer.Shell";

    public override Version Version { get; } = typeof(ShellHost).Assembly.GetName().Version!;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => ui;

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    // A program that writes to the terminal itself must not find a bar there.
    public override void NotifyBeginApplication() => terminal.SuspendProgress();

    public override void NotifyEndApplication() => terminal.ResumeProgress();

    public override void EnterNestedPrompt() => throw new HostException("This shell has no nested prompt.");

    public override void ExitNestedPrompt()
    {
    }
}
