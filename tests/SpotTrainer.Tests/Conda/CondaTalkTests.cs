using System.Text;
using SpotTrainer.Conda;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Conda;

/// <summary>The script's words, between what conda and the installer say.</summary>
public sealed class CondaTalkTests
{
    private const string Said = "\0@phase download\0\0@bytes 512 2048\0\0@bytes 2048 0\0\0@phase unpack\0PREFIX=/x\nInstalling base environment...\n"
        + "\0@ended 0\0\0@phase solve\0{\"fetch\":\"pandas-2.2.3         | 14.5 MB   | \",\"finished\":false,\"maxval\":1,\"progress\":0.5}\n\0"
        + "{\"fetch\":\"pandas-2.2.3         | 14.5 MB   | \",\"finished\":true,\"maxval\":1,\"progress\":1}\n\0"
        + "{\n  \"success\": true,\n  \"actions\": {}\n}\n\0@ended 0\0\0@phase check\0\0@result {\"a\": \"é\"}\0";

    [Fact]
    public void Progress_names_the_phase_wherever_the_output_is_cut()
    {
        string? first = null;
        for (var size = 1; size < 60; size += 7)
        {
            var log = new RecordingLog();
            var talk = new CondaTalk(log.Context, "Testing");
            var bytes = Encoding.UTF8.GetBytes(Said);
            for (var at = 0; at < bytes.Length; at += size)
            {
                talk.Add(new ArraySegment<byte>(bytes, at, Math.Min(size, bytes.Length - at)));
            }

            talk.Finish();
            Assert.Equal("result {\"a\": \"é\"}", talk.End);
            Assert.True(talk.Answer!.Value.GetProperty("success").GetBoolean());
            Assert.Equal(["check", "download", "link", "solve", "unpack"], talk.Phases.Keys.Order(StringComparer.Ordinal));
            var all = string.Join("\n", log.Lines);
            Assert.Equal(first ??= all, all);
        }

        Assert.Equal(
            """
            progress: downloading
            progress: downloading: 512 bytes of 2.0 KiB
            progress: downloading: 2.0 KiB
            progress: unpacking the installer
            verbose: PREFIX=/x
            progress: linking
            verbose: Installing base environment...
            """.Split('\n'), first!.Split('\n')[..7]);
        Assert.Contains("progress: downloading pandas-2.2.3\n", first, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_that_a_host_sends_breaks_it()
    {
        var random = new Random(11);
        string[] words = ["\0", "\0@", "@phase ", "{", "}", "{\"fetch\":", "{\"fetch\":1}", "@bytes 9 9", "@bytes -1 x", "@result ", "x\n", "é", "\x1b", "@had ruin", "@waiting"];
        for (var i = 0; i < 3000; i++)
        {
            var talk = new CondaTalk(new RecordingLog().Context, "Testing");
            talk.Add(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => words[random.Next(words.Length)]))));
            talk.Finish();
        }
    }

    [Fact]
    public void Endless_words_and_lines_have_a_limit()
    {
        var log = new RecordingLog();
        var talk = new CondaTalk(log.Context, "Testing");
        talk.Add(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("line\n", 50_000)) + "\0"));
        Assert.InRange(log.Lines.Count, 100, 1000);
        var error = Assert.Throws<SpotTrainerException>(() => talk.Add(new byte[17 * 1024 * 1024].Select(_ => (byte)'x').ToArray()));
        Assert.Equal("StackReportDamaged", error.Id);
    }
}
