using SpotTrainer.Files;

namespace SpotTrainer.Tests.Files;

public sealed class PlanTextTests
{
    [Theory]
    [InlineData(0, 0, 0, 0, 0, "send 0 files (0 bytes) to ~/x")]
    [InlineData(1, 112, 0, 0, 0, "send 1 file (112 bytes) to ~/x")]
    [InlineData(2, 5427, 1, 0, 0, "send 2 files (5.3 KiB) to ~/x; 1 is there already")]
    [InlineData(2, 5427, 0, 11, 1, "send 2 files (5.3 KiB) to ~/x; 11 stay behind, and 1 cannot be sent")]
    [InlineData(2, 5427, 1200, 1, 2, "send 2 files (5.3 KiB) to ~/x; 1,200 are there already, 1 stays behind, and 2 cannot be sent")]
    public void A_plan_says_only_what_there_is(int files, long bytes, int unchanged, int skipped, int failed, string text) =>
        Assert.Equal(text, PlanText.Of("send", files, bytes, " to ~/x", unchanged, "there", skipped, failed, "sent"));
}
