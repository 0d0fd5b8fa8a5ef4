using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Instances;
using SpotTrainer.Rehearsal;
using SpotTrainer.Remote;

namespace SpotTrainer.Module;

/// <summary>Connects the rooms: what a lower room asks for, and only a higher one knows.</summary>
internal static class ModuleSetup
{
    /// <summary>Does it. Doing it again changes nothing.</summary>
    public static void Run()
    {
        ErrorTranslation.Use(AwsErrors.Translate, SshErrors.Translate);
        CurrentCloud.Use(RehearsalControl.Find);
        HostFinder.Use(new InstanceFinder());
    }
}
