using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>Takes a range of IPv4 addresses as EC2 keeps it: what is asked about is what is opened, and nothing is made for one that is none.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AddressRangeAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return AddressRange.Parse(Convert.ToString(inputData is PSObject wrapped ? wrapped.BaseObject : inputData, CultureInfo.InvariantCulture)!).Cidr;
        }
        catch (SpotTrainerException exception)
        {
            throw new ArgumentTransformationMetadataException($"{exception.Message} {exception.NextStep}", exception);
        }
    }
}
