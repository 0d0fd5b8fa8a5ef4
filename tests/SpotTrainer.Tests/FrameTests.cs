namespace SpotTrainer.Tests;

public sealed class FrameTests
{
    [Fact]
    public void Assembly_has_the_manifests_version() =>
        Assert.Equal("0.1.0", typeof(SpotTrainer.Rehearsal.Machines.MachineSpec).Assembly.GetName().Version!.ToString(3));
}
