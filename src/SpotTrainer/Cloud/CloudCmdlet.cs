using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>The base of the cmdlets that ask EC2 and may be given no object that says which cloud is meant.</summary>
public abstract class CloudCmdlet : StepCmdlet
{
    /// <summary>A profile of AWS's own tools (~/.aws/config).</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProfileCompleter))]
    public string? ProfileName { get; set; }

    /// <summary>Another address in place of AWS's own.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? EndpointUrl { get; set; }

    /// <summary>The region that the user gave; null where they gave none, or several.</summary>
    private protected abstract string? GivenRegion { get; }

    /// <summary>The region that is asked where nothing names one; null: then it is an error.</summary>
    private protected virtual string? LastRegion => null;

    /// <summary>The cloud that the parameters mean.</summary>
    private protected CloudContext ResolveCloud()
    {
        try
        {
            return CloudResolver.Resolve(ProfileName, GivenRegion, EndpointUrl, LastRegion);
        }
        catch (SpotTrainerException exception)
        {
            Fail(exception);
            throw;
        }
    }
}
