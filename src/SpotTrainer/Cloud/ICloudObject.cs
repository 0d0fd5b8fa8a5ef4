namespace SpotTrainer.Cloud;

/// <summary>An object that belongs to one cloud, and says to which.</summary>
internal interface ICloudObject
{
    /// <summary>The cloud; every cmdlet that is given the object uses this one only.</summary>
    CloudContext Cloud { get; }
}
