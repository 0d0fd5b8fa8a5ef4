using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>
/// Lets a parameter that takes tunnels also take their local ports, and tunnels of this session that crossed a process, such as through
/// Export-Clixml. A tunnel of another session belongs to that session.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TunnelReferenceAttribute : ReferenceAttribute
{
    private protected override object FromText(string text) =>
        RunspaceSession.Current.Get<TunnelStore>().All.FirstOrDefault(tunnel => tunnel.LocalPort.ToString(CultureInfo.InvariantCulture) == text)
            ?? throw new ArgumentTransformationMetadataException(
                $"This session has no tunnel at port {text}. Get-TrainingTunnel lists its tunnels.");

    private protected override object? FromProperties(ObjectProperties properties) =>
        properties.WereOf(typeof(TrainingTunnel)) ? FromText(properties.Text("LocalPort")) : null;
}
