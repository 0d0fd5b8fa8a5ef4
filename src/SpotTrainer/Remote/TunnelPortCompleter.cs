using System.Globalization;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Remote;

/// <summary>Completes the ports of this session's tunnels.</summary>
public sealed class TunnelPortCompleter : NameCompleter
{
    private protected override IEnumerable<string> Names() => RunspaceSession.Current.Get<TunnelStore>().All
        .Select(tunnel => tunnel.LocalPort.ToString(CultureInfo.InvariantCulture));
}
