using SpotTrainer.Foundation;

namespace SpotTrainer.Cloud;

/// <summary>What an AWS error code means for the caller.</summary>
[Flags]
internal enum CodeTraits
{
    /// <summary>Nothing is known beyond the text.</summary>
    None = 0,

    /// <summary>AWS refused the call and did nothing, whatever the HTTP status.</summary>
    Refused = 1,

    /// <summary>The same call may work in a moment: AWS is busy or wants fewer calls.</summary>
    Again = 2,

    /// <summary>AWS may have carried out the call.</summary>
    Unclear = 4,

    /// <summary>Another offer may work: there is no capacity here, or it has another quota or region.</summary>
    OtherOffer = 8,

    /// <summary>AWS may not know a new resource everywhere yet.</summary>
    NotYetKnown = 16,

    /// <summary>Something else still uses the resource, and may release it in a moment.</summary>
    InUse = 32,
}

/// <summary>An AWS error code.</summary>
/// <param name="Id">Our error ID.</param>
/// <param name="Kind">Our category.</param>
/// <param name="Text">What it means; {0} is the first sentence of AWS's own text, if that says more than the code.</param>
/// <param name="NextStep">What to do.</param>
/// <param name="Traits">What it means for the caller.</param>
internal sealed record AwsCode(string Id, ErrorKind Kind, string Text, string NextStep, CodeTraits Traits = CodeTraits.Refused)
{
    /// <summary>Whether it has a trait.</summary>
    public bool Is(CodeTraits trait) => (Traits & trait) != CodeTraits.None;
}
