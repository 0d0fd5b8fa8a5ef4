namespace SpotTrainer.Cloud;

/// <summary>An object that belongs to one cloud.</summary>
internal interface ICloudObject
{
    /// <summary>The cloud. Every cmdlet that receives the object uses only this one.</summary>
    CloudContext Cloud { get; }
}
