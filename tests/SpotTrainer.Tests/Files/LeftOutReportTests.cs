using SpotTrainer.Files;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>What a user is told of the names of a host.</summary>
public sealed class LeftOutReportTests
{
    [Fact]
    public void A_host_with_very_many_odd_names_is_no_flood_of_warnings()
    {
        var log = new RecordingLog();
        LeftOutReport.WriteRenamed([.. Enumerable.Range(0, 1000).Select(number => ($"a:{number}", $"a_{number}"))], log);
        Assert.Equal(11, log.Lines.Count);
        Assert.Equal("warning: a:0 is called a_0 here, because this computer cannot have that name.", log.Lines.First());
        Assert.Contains("990", log.Lines.Last(), StringComparison.Ordinal);
    }
}
