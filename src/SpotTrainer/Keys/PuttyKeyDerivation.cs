using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

using SpotTrainer.Foundation;

namespace SpotTrainer.Keys;

/// <summary>How version 3 of PuTTY's format derives keys from a passphrase: Argon2 (RFC 9106) and its costs.</summary>
/// <param name="Flavour"><c>Argon2id</c>, <c>Argon2i</c> or <c>Argon2d</c>.</param>
/// <param name="MemoryKiB">Memory, in KiB.</param>
/// <param name="Passes">The number of passes over the memory; 0 for as many as take a tenth of a second.</param>
/// <param name="Parallelism">The number of lanes.</param>
internal sealed record PuttyKeyDerivation(string Flavour, int MemoryKiB, int Passes, int Parallelism)
{
    /// <summary>The total length of the cipher key, the initialization vector, and the MAC key.</summary>
    public const int Length = 80;

    // The most that a file may cost: a GiB of memory, and about ten seconds.
    private const int MostMemoryKiB = 1 << 20;
    private const long MostMemoryPasses = 8L << 20;
    private const int MostParallelism = 255;

    // The least that a new passphrase costs, however slow a busy computer seems: twice OWASP's minimum (7 MiB, 5 passes).
    private const int LeastMemoryPasses = 70 << 10;
    private const int MemoryOfALaneKiB = 8;
    private static readonly TimeSpan Target = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MeasureFor = TimeSpan.FromMilliseconds(500);

    /// <summary>puttygen's defaults.</summary>
    public static PuttyKeyDerivation Default { get; } = new("Argon2id", 8192, 0, 1);

    /// <summary>Checks costs that come from a file or from the user.</summary>
    /// <exception cref="KeyFileException">The costs are invalid or too high.</exception>
    public PuttyKeyDerivation Checked()
    {
        if (MemoryKiB > MostMemoryKiB || (long)MemoryKiB * Passes > MostMemoryPasses || Parallelism > MostParallelism)
        {
            throw KeyFileException.TooCostly(
                $"Its Argon2 costs (memory {MemoryKiB} KiB, {Passes} passes, parallelism {Parallelism}) exceed the module's limits.");
        }

        return MemoryKiB >= MemoryOfALaneKiB * Parallelism && Passes >= 0 && Parallelism >= 1
            ? this
            : throw KeyFileException.Damaged("its Argon2 costs are invalid.");
    }

    /// <summary>Returns these costs; if no passes were given, with as many as take a tenth of a second on this computer.</summary>
    public PuttyKeyDerivation Timed() => Timed(TimeProvider.System, () => Derive(new byte[16], new byte[16], passes: 1));

    /// <inheritdoc cref="Timed()"/>
    /// <param name="time">Measures.</param>
    /// <param name="onePass">Derives keys with one pass.</param>
    public PuttyKeyDerivation Timed(TimeProvider time, Action onePass)
    {
        if (Passes > 0)
        {
            return this;
        }

        // In a new process, .NET first runs slow code and compiles it in the meantime. The fastest of many passes counts: the first ones
        // alone would make the passphrase several times easier to guess.
        var (fastest, all) = (TimeSpan.MaxValue, time.StartClock());
        do
        {
            var one = time.StartClock();
            onePass();
            var taken = one();
            fastest = taken < fastest ? taken : fastest;
        }
        while (all() < MeasureFor);

        var (least, most) = ((LeastMemoryPasses + MemoryKiB - 1) / MemoryKiB, MostMemoryPasses / MemoryKiB);
        return this with { Passes = (int)Math.Max(least, Math.Min(Target.Ticks / Math.Max(1, fastest.Ticks), most)) };
    }

    /// <summary>Derives the keys.</summary>
    public byte[] Derive(byte[] passphrase, byte[] salt) => Derive(passphrase, salt, Passes);

    private byte[] Derive(byte[] passphrase, byte[] salt, int passes)
    {
        var type =
            Flavour switch { "Argon2d" => Argon2Parameters.Argon2d, "Argon2i" => Argon2Parameters.Argon2i, _ => Argon2Parameters.Argon2id };
        var generator = new Argon2BytesGenerator();
        generator.Init(new Argon2Parameters.Builder(type).WithVersion(Argon2Parameters.Version13).WithSalt(salt)
            .WithMemoryAsKB(MemoryKiB).WithIterations(passes).WithParallelism(Parallelism).Build());
        var keys = new byte[Length];
        generator.GenerateBytes(passphrase, keys);
        return keys;
    }
}
