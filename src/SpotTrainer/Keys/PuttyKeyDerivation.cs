using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

using SpotTrainer.Foundation;

namespace SpotTrainer.Keys;

/// <summary>How version 3 of PuTTY's format makes keys of a passphrase: Argon2 (RFC 9106) and its costs.</summary>
/// <param name="Flavour"><c>Argon2id</c>, <c>Argon2i</c> or <c>Argon2d</c>.</param>
/// <param name="MemoryKiB">Memory, in KiB.</param>
/// <param name="Passes">How often the memory is gone over; 0 where as many are wanted as take a tenth of a second.</param>
/// <param name="Parallelism">Lanes.</param>
internal sealed record PuttyKeyDerivation(string Flavour, int MemoryKiB, int Passes, int Parallelism)
{
    /// <summary>The cipher's key, its initialisation vector and the MAC's key, one after the other.</summary>
    public const int Length = 80;

    // What a file may ask for: a GiB, and some ten seconds.
    private const int MostMemoryKiB = 1 << 20;
    private const long MostMemoryPasses = 8L << 20;
    private const int MostParallelism = 255;
    private const int MemoryOfALaneKiB = 8;
    private static readonly TimeSpan Target = TimeSpan.FromMilliseconds(100);

    /// <summary>What puttygen uses when it is told nothing.</summary>
    public static PuttyKeyDerivation Default { get; } = new("Argon2id", 8192, 0, 1);

    /// <summary>Checks costs that a file, or a user, asks for.</summary>
    /// <exception cref="KeyFileException">They are none, or too high.</exception>
    public PuttyKeyDerivation Checked()
    {
        if (MemoryKiB > MostMemoryKiB || (long)MemoryKiB * Passes > MostMemoryPasses || Parallelism > MostParallelism)
        {
            throw KeyFileException.TooCostly($"Its Argon2 costs (memory {MemoryKiB} KiB, {Passes} passes, parallelism {Parallelism}) are beyond what is granted here.");
        }

        return MemoryKiB >= MemoryOfALaneKiB * Parallelism && Passes >= 0 && Parallelism >= 1
            ? this
            : throw KeyFileException.Damaged("Its Argon2 costs can't be.");
    }

    /// <summary>The same costs with the passes that take a tenth of a second on this computer, where none were given.</summary>
    public PuttyKeyDerivation Timed(TimeProvider? time = null)
    {
        if (Passes > 0)
        {
            return this;
        }

        var passes = 1;
        while (true)
        {
            var elapsed = (time ?? TimeProvider.System).StartClock();
            Derive(new byte[16], new byte[16], passes);
            var taken = elapsed();
            if (taken >= Target || passes >= 1 << 12)
            {
                return this with { Passes = passes };
            }

            // As far as the measure says, but no more than double: a first run is slower than the next.
            passes = Math.Min(passes * 2, Math.Max(passes + 1, (int)(passes * Target.TotalMilliseconds / Math.Max(1, taken.TotalMilliseconds))));
        }
    }

    /// <summary>Derives the keys.</summary>
    public byte[] Derive(byte[] passphrase, byte[] salt) => Derive(passphrase, salt, Passes);

    private byte[] Derive(byte[] passphrase, byte[] salt, int passes)
    {
        var type = Flavour switch { "Argon2d" => Argon2Parameters.Argon2d, "Argon2i" => Argon2Parameters.Argon2i, _ => Argon2Parameters.Argon2id };
        var generator = new Argon2BytesGenerator();
        generator.Init(new Argon2Parameters.Builder(type).WithVersion(Argon2Parameters.Version13).WithSalt(salt)
            .WithMemoryAsKB(MemoryKiB).WithIterations(passes).WithParallelism(Parallelism).Build());
        var keys = new byte[Length];
        generator.GenerateBytes(passphrase, keys);
        return keys;
    }
}
