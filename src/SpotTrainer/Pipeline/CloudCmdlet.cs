using System.Management.Automation;
using SpotTrainer.Cloud;

namespace SpotTrainer.Pipeline;

/// <summary>The base of the cmdlets that ask EC2 and may be given no object that says which cloud is meant.</summary>
public abstract class CloudCmdlet : StepCmdlet
{
    /// <summary>The region, such as us-east-1; the profile's, or the rehearsal's, when left out.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegionCompleter))]
    public string? Region { get; set; }

    /// <summary>A profile of AWS's own tools (~/.aws/config).</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProfileCompleter))]
    public string? ProfileName { get; set; }

    /// <summary>Another address in place of AWS's own.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? EndpointUrl { get; set; }

    /// <summary>The cloud that the parameters mean.</summary>
    private protected CloudContext ResolveCloud()
    {
        try
        {
            return CloudResolver.Resolve(ProfileName, Region, EndpointUrl);
        }
        catch (SpotTrainerException exception)
        {
            Fail(exception);
            throw;
        }
    }
}
