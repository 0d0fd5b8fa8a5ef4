using System.Management.Automation;

namespace SpotTrainer.Pipeline;

/// <summary>The base of cmdlets that work on several things at once, but on no more than they are told to.</summary>
public abstract class ThrottledCmdlet : StepCmdlet
{
    private SemaphoreSlim? throttle;

    /// <summary>How many machines are worked on at once.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 8;

    /// <summary>Starts work as soon as its turn has come.</summary>
    private protected void StartThrottled(object target, Func<CancellationToken, Task> work)
    {
        var gate = throttle ??= new SemaphoreSlim(ThrottleLimit);
        Start(target, async stopping =>
        {
            await gate.WaitAsync(stopping);
            try
            {
                await work(stopping);
            }
            finally
            {
                gate.Release();
            }
        });
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            throttle?.Dispose();
        }
    }
}
