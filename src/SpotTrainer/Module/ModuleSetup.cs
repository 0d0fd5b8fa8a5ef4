using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Rehearsal;
using SpotTrainer.Remote;

namespace SpotTrainer.Module;

/// <summary>Connects the rooms: sets what a lower room calls and only a higher room can provide.</summary>
internal static class ModuleSetup
{
    /// <summary>Sets the connections. Calling it again changes nothing.</summary>
    public static void Run()
    {
        ErrorTranslation.Use(AwsErrors.Translate, SshErrors.Translate);
        CurrentCloud.Use(RehearsalControl.Find);
        HostFinder.Use(new InstanceFinder());
    }
}
