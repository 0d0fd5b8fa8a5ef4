namespace SpotTrainer.Tests.Files;

/// <summary>Hosts that never stop. What they say is not kept. Nothing runs at the same time that needs memory, too.</summary>
[Trait("Speed", "Slow")]
[Collection(EndlessHostGroup.Name)]
public sealed class EndlessHostTests
{
    private const long Most = 1L << 30;

    public static TheoryData<string, string> Listings => new()
    {
        { "an endless word", "cat /dev/zero | tr '\\0' x" },
        { "endless words", "yes x | tr '\\n' '\\0'" },
        { "an endless listing", """for n in 1 2 3 4 5 6 7 8 9; do have "$file" ./$n ""; done > block; for n in 1 2 3 4 5 6 7 8 9; do cat block block > more; mv more block; done; while cat block; do :; done""" },
        { "endless names that are no text", """printf 'have\0f 644 5 1.0\0./\377\0\0' > block; for n in 1 2 3 4 5 6 7 8 9; do cat block block > more; mv more block; done; while cat block; do :; done""" },
        { "very many messages", """have "$file" ./a ""; timeout 5 yes x >&2; exit 0""" },
    };

    public static TheoryData<string, string> Senders => new()
    {
        { "endless words", "yes x | tr '\\n' '\\0'" },
        { "an endless word", "cat /dev/zero | tr '\\0' x" },
    };

    [Theory]
    [MemberData(nameof(Listings))]
    public Task A_listing_never_ends(string what, string script) =>
        WithinAsync(() => HostileHostTests.ReceiveAsync(what, $"begin \"$1\"\n{script}\nsay ready\ncat > /dev/null"));

    [Theory]
    [MemberData(nameof(Senders))]
    public Task A_receiver_never_ends(string what, string script) => WithinAsync(() => HostileHostTests.SendAsync(what, script));

    private static async Task WithinAsync(Func<Task> test)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var testing = test();
        for (var most = 0L; !testing.IsCompleted; await Task.WhenAny(testing, Task.Delay(100, TestContext.Current.CancellationToken)))
        {
            most = Math.Max(0, GC.GetTotalMemory(forceFullCollection: false) - before);
            Assert.InRange(most, 0, Most);
        }

        await testing;
    }
}

/// <summary>What is alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EndlessHostGroup
{
    public const string Name = "endless hosts";
}
