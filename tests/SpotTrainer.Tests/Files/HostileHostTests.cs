using SpotTrainer.Files;
using SpotTrainer.Foundation;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>
/// Hosts that lie. Each is OpenSSH's server with a script in place of the module's own. Whatever it says, nothing is written outside the
/// destination, and the transfer ends.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class HostileHostTests
{
    private const string Name = @"spottrainer-[0-9a-f]\{32\}";

    /// <summary>Tells that the command has started, and helps with the rest. What is no command of a transfer runs as it is.</summary>
    private const string Begin = $$"""
        mark=$(printf "%s" "$SSH_ORIGINAL_COMMAND" | grep -o "{{Name}}" | head -n 1)
        [ -n "$mark" ] || exec sh -c "$SSH_ORIGINAL_COMMAND"
        printf "%s %s sh\n" "$mark" $$
        say() { printf "%s\0" "$@"; }
        have() { say have "$1" "$2" "$3"; }
        skip() { dd bs=65536 iflag=fullblock,count_bytes count="$1" of=/dev/null status=none; }
        begin() { say at "$1/there" zstd "" gzip ""; }
        tarred() { say ready; read -r word how one two; skip "$one"; skip "$two"; say tar ""; }
        cd "$1"
        file="f 644 5 1000000000.0"
        folder="d 755 4096 1000000000.0"
        mkdir -p made

        """;

    /// <summary>Packs what stands in made/, as tar does.</summary>
    private const string Pack = "tar -c -C made -b 128 -f - --format=gnu --no-recursion --null -T -";

    public static TheoryData<string, string> Listings => new()
    {
        { "a path that leads up", """have "$file" ./../outside/x ""; have "$file" ./a/../../outside/x "" """ },
        { "an absolute path", """have "$file" /tmp/spottrainer-outside ""; have "$folder" //x "" """ },
        { "no name", """have "$file" "" ""; have "$file" . ""; have "$file" ./ ""; have "$folder" .// "" """ },
        { "control characters", """have "$file" "$(printf './a\033]0;x\007')" ""; have "$file" "$(printf './b\302\233x')" "" """ },
        { "the stage", """have "$file" ./.spottrainer-incoming/x ""; have "$folder" ./.spottrainer-incoming "" """ },
        { "a link that leads out", """have "l 777 1 1.0" ./a ../outside; have "l 777 1 1.0" ./b /etc; have "l 777 1 1.0" ./c "" """ },
        {
            "links that lead out together",
            """have "$folder" ./d ""; have "l 777 1 1.0" ./d/up ..; have "l 777 1 1.0" ./out d/up/../outside; have "l 777 1 1.0" ./e d/up/e """
        },
        { "a link and what is in it", """have "l 777 1 1.0" ./out ../outside; have "$file" ./out/x "" """ },
        { "no number", """have "f 644 -5 1.0" ./a "" """ },
        { "a number without end", """have "f 644 99999999999999999999999 1.0" ./a "" """ },
        { "more than all disks", """for n in 1 2 3; do have "f 644 9223372036854775807 1.0" ./$n ""; done""" },
        { "a time that never was", """have "f 644 5 99999999999999.0" ./a "" """ },
        { "a mode that is none", """have "f 999 5 1.0" ./a "" """ },
        { "words of another kind", """say bad worse worst; say piece x; say free 99999999999999999999999""" },
        { "no listing", "exit 0" },
        { "half a word", "printf 'have\\0f 644'; exit 0" },
    };

    public static TheoryData<string, string> Archives => new()
    {
        { "names that nobody asked for", $"""echo evil > made/b; printf b | {Pack}""" },
        { "a path that leads up", $"""mkdir -p outside; echo evil > outside/x; printf "../outside/x" | tar -c -C made -b 128 -P -f - --format=gnu --null -T -""" },
        { "a link", $"""ln -sf ../outside made/a; printf a | {Pack}""" },
        { "a device", $"""rm -f made/a; mkfifo made/a; printf a | {Pack}""" },
        { "a folder", $"""rm -f made/a; mkdir made/a; printf a | {Pack}""" },
        { "a hard link", $"""echo evil > made/z; ln -f made/z made/a; printf "a\0z" | {Pack}""" },
        { "a larger file", $"""head -c 20000000 /dev/zero > made/a; printf a | {Pack}""" },
        { "a smaller file", $"""printf x > made/a; printf a | {Pack}""" },
        { "the same file twice", $"""printf 12345 > made/a; printf "a\0a" | {Pack} --hard-dereference""" },
        { "an archive that is cut off", $"""printf 12345 > made/a; printf a | {Pack} | head -c 700; exit 0""" },
        { "an empty archive", $"""printf "" | {Pack}""" },
        { "an archive without end", $"""printf 12345 > made/a; printf a | {Pack} | head -c 1024; cat /dev/zero""" },
        { "names without files", """for n in 1 2 3 4 5 6 7 8 9; do printf x; done; cat /dev/urandom""" },
        { "a wrong hash", $"""printf 12345 > made/a; printf a | {Pack}; say "{new string('0', 64)}  ./a" """ },
        { "the hash of another file", $"""printf 12345 > made/a; printf a | {Pack}; say "$(printf 12345 | sha256sum | cut -c 1-64)  ./b" """ },
        { "endless hashes", $"""printf 12345 > made/a; printf a | {Pack}; yes "{new string('0', 64)}  ./a" | tr '\n' '\0'""" },
        { "nothing", "exit 0" },
    };

    public static TheoryData<string, string> Pieces => new()
    {
        { "another length", """say piece "none 7"; printf 1234567""" },
        { "a negative length", """say piece "none -1" """ },
        { "a length without end", """say piece "zstd 2147483647"; cat /dev/zero""" },
        { "something else", """say now x y z""" },
        { "nothing", "exit 0" },
        { "half of it", """say piece "none 9000000"; head -c 1000 /dev/zero; exit 0""" },
        { "a wrong sum", """say piece "none $two"; head -c $two /dev/zero; say sum 00 >&2; while read -r word one two three four; do skip "$four"; say piece "none $two"; head -c $two /dev/zero; say sum 00 >&2; done""" },
        { "more sums than pieces", """while say sum 00; do :; done >&2""" },
        { "no sum", """say piece "none $two"; head -c $two /dev/zero; exit 0""" },
        { "bytes that grow without end", """head -c 2000000000 /dev/zero | zstd -1 -q -c > bomb; say piece "zstd $(stat -c %s bomb)"; cat bomb; say sum 00 >&2; sleep 1; exit 0""" },
        { "bytes that are not compressed", """say piece "zstd 100"; head -c 100 /dev/urandom; say sum 00 >&2; sleep 1; exit 0""" },
        { "gone", """say gone ""; read -r word one; skip "$one"; while say now "f 644 9000000 1.0" ./a ""; do :; done""" },
    };

    public static TheoryData<string, string> Senders => new()
    {
        { "done at once", "say at x free 999999999999 done; sleep 1" },
        { "done before it has anything", """say at x free 999999999999 wide 0 zstd "" gzip "" ready done; sleep 1""" },
        { "nothing", "exit 0" },
        { "ready, and no more", """say at x free 999999999999 wide 0 zstd "" gzip "" ready; exit 0""" },
        { "free space that is no number", "say free x ready; sleep 1" },
        { "pieces that are torn forever", $"""say at x free 999999999999 wide 0 zstd "" gzip "" ready; {Torn} read -r rest; cat > /dev/null""" },
        {
            "endless complaints about files that nobody has sent",
            """say at x free 999999999999 wide 0 zstd "" gzip "" ready; cat > /dev/null & n=0; while [ $n -lt 200000 ]; do n=$((n + 1)); say bad ./$n; done; exit 0"""
        },
        { "an error with escapes", """say error write "$(printf '\033]0;x\007')"; exit 1""" },
        { "kept files that are not there", """say at x free 999999999999 wide 0 zstd "" gzip "" kept "$file" ../../x "" piece ../x piece a-99999999999-b ready; exit 0""" },
    };

    private const string Torn = """
        while read -r word one two three four how count && [ "$word" = piece ]; do
            skip "$count"; read -r sum; say torn "$one/$three-$four-$sum"
        done;
        """;

    [Theory]
    [MemberData(nameof(Listings))]
    public Task A_listing_lies(string what, string script) => ReceiveAsync(what, $"begin \"$1\"\n{script}\nsay ready\ncat > /dev/null");

    [Theory]
    [MemberData(nameof(Archives))]
    public Task An_archive_lies(string what, string script) => ReceiveAsync(what, $"begin \"$1\"\nhave \"$file\" ./a ''\ntarred\n{script}");

    [Theory]
    [MemberData(nameof(Pieces))]
    public Task A_piece_lies(string what, string script) => ReceiveAsync(
        what,
        "begin \"$1\"\nsay zstd zstd\nhave \"f 644 9000000 1.0\" ./a ''\nsay ready\nread -r word one two three four\nskip \"$four\"\n" + script
        + "\nwhile read -r word one two three four; do skip \"$four\"; done");

    [Theory]
    [MemberData(nameof(Senders))]
    public Task A_receiver_lies(string what, string script) => SendAsync(what, script);

    /// <summary>It says that it is done, and goes on.</summary>
    [Fact]
    public async Task A_host_that_does_not_end_is_ended()
    {
        using var ground = await TransferGround.StartAsync(
            answer: Begin + "say at x free 999999999999 wide 0 zstd '' gzip '' ready; cat > /dev/null; say done; while :; do say more; done");
        var source = Directory.CreateDirectory(ground.Folder["source"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(source, "a"), "hello", TestContext.Current.CancellationToken);
        Assert.Equal([("a", 5L)], (await ground.SendAsync(source, "there")).Files);
    }

    internal static async Task SendAsync(string what, string script)
    {
        using var ground = await TransferGround.StartAsync(answer: Begin + script);
        var source = Directory.CreateDirectory(ground.Folder["source"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(source, "a"), "hello", TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(source, "large"), new byte[9 << 20], TestContext.Current.CancellationToken);
        await EndsAsync(what, ground, () => ground.SendAsync(source, "there"));
    }

    /// <summary>As one does whose disk does not answer: find(1) waits for it without an end.</summary>
    [Theory]
    [InlineData("send")]
    [InlineData("receive")]
    public async Task A_host_that_never_says_what_it_has_is_not_waited_for(string direction)
    {
        using var ground = await TransferGround.StartAsync(answer: Begin + "say at /; have 'd 755 0 1' ./x ''; sleep 600");
        var source = Directory.CreateDirectory(ground.Folder["source"]).FullName;
        var log = new RecordingLog { Time = new FastClock(30) };

        var error = await Assert.ThrowsAsync<SpotTrainerException>(() => direction == "send"
            ? TransferGround.DoAsync(Transfers.SendAsync, TransferGround.Order(source, "there"), ground.Host, log)
            : TransferGround.DoAsync(
                Transfers.ReceiveAsync, new ReceiveOrder { Folder = "there", Destination = ground.Folder["destination"] }, ground.Host, log));

        Assert.Equal(("HostSilent", ErrorKind.OperationTimeout), (error.Id, error.Kind));
        Assert.Contains("5 minutes", error.Message, StringComparison.Ordinal);
        log.Context.Session.Dispose();
    }

    internal static async Task ReceiveAsync(string what, string script)
    {
        using var ground = await TransferGround.StartAsync(answer: Begin + script);
        var around = Directory.CreateDirectory(ground.Folder["around"]).FullName;
        var outside = Directory.CreateDirectory(Path.Combine(around, "outside")).FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "x"), "mine", TestContext.Current.CancellationToken);
        var destination = Path.Combine(around, "destination");
        await EndsAsync(what, ground, () => ground.ReceiveAsync("there", destination));

        Assert.Equal(["x"], Directory.EnumerateFileSystemEntries(outside).Select(Path.GetFileName));
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(outside, "x"), TestContext.Current.CancellationToken));
        Assert.Subset(
            new HashSet<string?>(["outside", "destination"]), new HashSet<string?>(Directory.EnumerateFileSystemEntries(around).Select(Path.GetFileName)));
        Assert.False(File.Exists("/tmp/spottrainer-outside"));
        if (Directory.Exists(destination))
        {
            // No file, for nothing of what it said was true, and no link that leads out.
            foreach (var path in (await Programs.RunAsync("find", destination, "-not", "-type", "d")).Succeeded().Split('\n'))
            {
                Assert.True(path.Length == 0 || path.Contains("/.spottrainer-incoming/", StringComparison.Ordinal)
                    || (await Programs.RunAsync("realpath", path)).Succeeded().StartsWith(destination, StringComparison.Ordinal), path);
            }

            Assert.InRange(await UsedAsync(destination), 0, 10 << 20);
        }
    }

    private static async Task<long> UsedAsync(string folder) => 1024L * long.Parse(
        (await Programs.RunAsync("du", "-sk", folder)).Succeeded().Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Checks that a transfer ends with an error of the module's own, or names what it has not transferred.</summary>
    private static async Task EndsAsync(string what, TransferGround ground, Func<Task<TransferOutcome>> transfer)
    {
        try
        {
            var outcome = await transfer().WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
            Assert.True(outcome.Failed.Count > 0, $"{what}: it succeeded with {string.Join(", ", outcome.Files)}");
        }
        catch (SpotTrainerException exception)
        {
            Assert.Contains(exception.Id, (string[])
            [
                "HostTalksNonsense", "RemoteFileFailed", "LocalDiskFull", "RemotePathIsFile", "HostLacksPrograms", "ConnectionLost",
            ]);
            Assert.DoesNotContain(exception.Message, char.IsControl);
        }

        Assert.DoesNotContain(ground.Log.Lines, line => line.StartsWith("warning", StringComparison.Ordinal));
    }
}
