using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Pipeline;

namespace SpotTrainer.Instances;

/// <summary>Accepts a range of IPv4 addresses: nothing is made for one that is none.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ValidateAddressRangeAttribute : ValidateArgumentsAttribute
{
    /// <inheritdoc/>
    protected override void Validate(object arguments, EngineIntrinsics engineIntrinsics)
    {
        try
        {
            AddressRange.Parse(Convert.ToString(arguments, CultureInfo.InvariantCulture)!);
        }
        catch (SpotTrainerException exception)
        {
            throw new ValidationMetadataException($"{exception.Message} {exception.NextStep}", exception);
        }
    }
}
