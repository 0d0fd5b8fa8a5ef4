using System.Management.Automation;
using SpotTrainer.Cloud;
using SpotTrainer.Foundation;

namespace SpotTrainer.KeyPairs;

/// <summary>Shows the key pairs: what is on this computer, what is in EC2, and whether both fit one another.</summary>
[Cmdlet(VerbsCommon.Get, "TrainingKeyPair")]
[OutputType(typeof(TrainingKeyPair))]
public sealed class GetTrainingKeyPairCommand : RegionCmdlet
{
    /// <summary>Names, with wildcards.</summary>
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
        var patterns = Array.ConvertAll(Name, name => WildcardPattern.Get(name, WildcardOptions.None));
        Run(Name, async stopping =>
        {
            var folder = new KeyPairFolder(CloudResolver.KeyFolder(cloud));
            foreach (var pair in await KeyPairList.ListAsync(
                cloud, region, folder, name => Array.Exists(patterns, pattern => pattern.IsMatch(name)), Context, stopping))
            {
                await Output.ObjectAsync(pair);
            }
        });
    }

    /// <summary>The cloud; null, and a warning, where nothing says which: what is on this computer can be seen all the same.</summary>
    private CloudContext? FindCloud()
    {
        try
        {
            return CloudResolver.Resolve(ProfileName, Region, EndpointUrl);
        }
        catch (SpotTrainerException exception) when (exception.Id is "NoCredentials" or "NoRegion")
        {
            WriteWarning($"{exception.Message} {exception.NextStep} These are the key pairs on this computer.");
            return null;
        }
        catch (SpotTrainerException exception)
        {
            Fail(exception);
            throw;
        }
    }
}
