using System.Globalization;
using System.Management.Automation;
using SpotTrainer.Foundation;

namespace SpotTrainer.Doors;

/// <summary>
/// Converts an IPv4 address range to the form that EC2 stores, so the prompt shows what will be opened. An invalid range is an error before
/// anything is created.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AddressRangeAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        try
        {
            return AddressRange.Parse(
                Convert.ToString(inputData is PSObject wrapped ? wrapped.BaseObject : inputData, CultureInfo.InvariantCulture)!).Cidr;
        }
        catch (SpotTrainerException exception)
        {
            throw new ArgumentTransformationMetadataException($"{exception.Message} {exception.NextStep}", exception);
        }
    }
}
