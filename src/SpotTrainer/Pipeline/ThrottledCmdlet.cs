using System.Management.Automation;

namespace SpotTrainer.Pipeline;

/// <summary>The base of cmdlets that work on several things at the same time, up to a limit.</summary>
public abstract class ThrottledCmdlet : StepCmdlet
{
    private SemaphoreSlim? throttle;

    /// <summary>The maximum number of hosts to work on at the same time.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    [Number]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int ThrottleLimit { get; set; } = 8;

    /// <summary>Whether the work counts toward the limit. A wait does not: all hosts and jobs are waited for at the same time.</summary>
    private protected virtual bool IsLimited => true;

    /// <summary>Starts work as soon as the limit allows it.</summary>
    private protected void StartThrottled(object target, Func<CancellationToken, Task> work)
    {
        if (!IsLimited)
        {
            Start(target, work);
            return;
        }

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
