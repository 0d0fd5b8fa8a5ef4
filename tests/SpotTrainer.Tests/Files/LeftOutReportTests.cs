using System.Globalization;
using SpotTrainer.Files;
using SpotTrainer.Remote;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

public sealed class LeftOutReportTests
{
    private readonly RecordingLog log = new();

    [Fact]
    public void The_first_ten_are_warnings_and_the_others_are_named_with_Verbose()
    {
        LeftOutReport.Write(
            [
                .. Enumerable.Range(1, 12).Select(
                    number => new LeftOut(number.ToString(CultureInfo.InvariantCulture), LeftOutReason.LinkDangling)),
            ],
            isPlan: false, log);
        Assert.Equal(
            [
                .. Enumerable.Range(1, 10).Select(number => $"warning: {number} stays behind: the link leads to nothing."),
                "warning: 2 more stay behind. -Verbose names them.", "verbose: 11 stays behind: the link leads to nothing.",
                "verbose: 12 stays behind: the link leads to nothing.",
            ],
            log.Lines);
    }

    [Theory]
    [InlineData(true, "warning: a\\x0ab cannot be sent: it cannot be read.")]
    [InlineData(false)]
    public void What_cannot_be_sent_is_an_error_later_so_only_a_plan_warns_of_it(bool isPlan, params string[] lines)
    {
        LeftOutReport.Write([new LeftOut("a\nb", LeftOutReason.FileUnreadable)], isPlan, log);
        Assert.Equal(lines, log.Lines);
    }

    [Fact]
    public void What_cannot_be_received_has_one_warning_each_with_what_helps()
    {
        var host = new TrainingHost("127.0.0.1", 22, "me", keyPath: null, []);
        LeftOutReport.WriteFailed(
            host,
            [
                new LeftOut("a", LeftOutReason.LinkDangling),
                new LeftOut("b\u001b", LeftOutReason.NameUnsafe, "its name has control characters"),
                LeftOut.NotAFile("c", 'p'),
            ],
            log);
        Assert.Equal(
            [
                $"warning: a stays on {host}: the link leads to nothing.",
                $"warning: b\\x1b stays on {host}: its name has control characters. Rename it, and fetch again.",
                $"warning: c stays on {host}: it is a named pipe.",
            ],
            log.Lines);
    }

    [Fact]
    public void A_host_with_very_many_odd_names_is_no_flood_of_warnings()
    {
        LeftOutReport.WriteRenamed([.. Enumerable.Range(0, 1000).Select(number => ($"a:{number}", $"a_{number}"))], log);
        Assert.Equal(11, log.Lines.Count);
        Assert.Equal("warning: a:0 is called a_0 here, because this computer cannot have that name.", log.Lines.First());
        Assert.Contains("990", log.Lines.Last(), StringComparison.Ordinal);
    }
}
