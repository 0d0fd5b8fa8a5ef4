namespace SpotTrainer.Rehearsal.Ec2;

/// <summary>Why EC2 interrupts a Spot instance.</summary>
internal enum Interruption
{
    /// <summary>EC2 needs the capacity back.</summary>
    NoCapacity,

    /// <summary>The Spot price is above the instance's maximum price.</summary>
    Price,
}
