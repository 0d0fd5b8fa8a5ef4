using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.KeyPairs;

/// <summary>Lists key pairs: what is on this computer, what is in EC2, and whether the two match.</summary>
[Cmdlet(VerbsCommon.Get, "TrainingKeyPair")]
[OutputType(typeof(TrainingKeyPair))]
public sealed class GetTrainingKeyPairCommand : RegionCmdlet
{
    /// <summary>The names of the key pairs. Wildcards are allowed. Names are case-sensitive, as in EC2.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(KeyNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var cloud = FindCloud();
        var region = Region ?? cloud?.Region;
        Run(Name, async stopping =>
        {
            var folder = new KeyPairFolder(CloudResolver.KeyFolder(cloud));
            foreach (var pair in await KeyPairList.ListAsync(
                cloud, region, folder, name => Array.Exists(Name, pattern => NamePattern.MatchesCase(pattern, name)), Context, stopping))
            {
                await Output.ObjectAsync(pair);
            }
        });
    }

    /// <summary>
    /// Returns the cloud. Without credentials or a region, it warns and returns null: the key pairs on this computer can still be listed.
    /// </summary>
    private CloudContext? FindCloud()
    {
        try
        {
            return CloudResolver.Resolve(ProfileName, Region, EndpointUrl);
        }
        catch (SpotTrainerException exception) when (exception.Id is "NoCredentials" or "NoRegion")
        {
            WriteWarning($"{exception.Message} {exception.NextStep} Only the key pairs on this computer are listed.");
            return null;
        }
        catch (SpotTrainerException exception)
        {
            Fail(exception);
            throw;
        }
    }
}
