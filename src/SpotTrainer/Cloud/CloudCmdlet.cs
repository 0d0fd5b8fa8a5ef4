using System.Management.Automation;
using SpotTrainer.Foundation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Cloud;

/// <summary>The base class of cmdlets that call EC2 and do not need an input object to find the cloud.</summary>
public abstract class CloudCmdlet : StepCmdlet
{
    /// <summary>
    /// A profile from the AWS config file (<c>~/.aws/config</c>). Tab completes it. It cannot be used during a rehearsal.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProfileCompleter))]
    public string? ProfileName { get; set; }

    /// <summary>An endpoint URL to use instead of AWS's own. It cannot be used during a rehearsal.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string? EndpointUrl { get; set; }

    /// <summary>The region that the user gave; null if there is none.</summary>
    private protected abstract string? GivenRegion { get; }

    /// <summary>The region to use if nothing else names one; null if that is an error.</summary>
    private protected virtual string? LastRegion => null;

    /// <summary>Returns the cloud that the parameters select.</summary>
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
