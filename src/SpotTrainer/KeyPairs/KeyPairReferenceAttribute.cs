using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.KeyPairs;

/// <summary>Lets a parameter that takes key pairs also take their names, and key pairs that crossed a process.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class KeyPairReferenceAttribute : ReferenceAttribute
{
    private protected override object FromText(string text) => Named(text, region: null, TrainingKeyPairState.Unknown, origin: null);

    private protected override object? FromProperties(ObjectProperties properties)
    {
        if (!properties.WereOf(typeof(TrainingKeyPair)))
        {
            return null;
        }

        var region = properties.Text("Region");
        var state = Enum.TryParse<TrainingKeyPairState>(properties.Text("State"), out var known) ? known : TrainingKeyPairState.Unknown;
        return Named(properties.Text("Name"), region.Length > 0 ? region : null, state,
            region.Length > 0 ? new ObjectOrigin(region, properties.Text("Account"), properties.Text("Endpoint")) : null);
    }

    private static TrainingKeyPair Named(string name, string? region, TrainingKeyPairState state, ObjectOrigin? origin)
    {
        try
        {
            KeyPairFolder.RequireName(name);
            var rehearsal = CloudResolver.FindRehearsal(profileName: null, endpointUrl: null);
            return new TrainingKeyPair(rehearsal, region, new KeyPairFolder(CloudResolver.KeyFolder(rehearsal)), name, state, key: null)
            {
                Origin = origin,
            };
        }
        catch (SpotTrainerException exception)
        {
            throw new ArgumentTransformationMetadataException(exception.Message, exception);
        }
    }
}
