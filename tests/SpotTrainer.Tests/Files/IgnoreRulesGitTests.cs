using System.Text;
using SpotTrainer.Files;
using SpotTrainer.Tests.Support;

namespace SpotTrainer.Tests.Files;

/// <summary>
/// Git is the judge: the same lines in .spotignore files and on the command line keep the same files, in random trees with hostile names.
/// SPOTTRAINER_FULL=1 tries a hundred times as many trees.
/// </summary>
public sealed class IgnoreRulesGitTests
{
    private static readonly int Rounds = Environment.GetEnvironmentVariable("SPOTTRAINER_FULL") == "1" ? 2_000 : 20;

    private static readonly string[] Letters =
        ["a", "b", "A", "foo", " ", "[", "]", "!", "#", "\\", "*", "?", "-", "^", ":", "é", "日", "😀", ".", "\t"];

    private static readonly string[] Wildcards =
    [
        "*", "**", "***", "?", "[ab]", "[!a]", "[^b]", "[]a]", "[a-c]", "[a-", "[b-a]", "[a-]", "[-a]", "[\\]]", "[\\", "[[:alpha:]]",
        "[![:space:]]", "[[:punct:]x]", "[[:no:]]", "[[:alpha:]-z]", "[[:", "[é]", "[a-c-e]", "[!a]b", "a**/b", "[", "]", "\\", "\\*",
        "\\a", "\\ ", " ", "!", "#", "/", "\\/",
    ];

    // Short names of few letters are what short patterns match.
    private static readonly string[] FewLetters = ["a", "a", "b", "b", "c", "d", "-", "]", "^", "!", "\\", "/", "/"];

    [Fact]
    public async Task Lines_keep_the_files_that_git_keeps()
    {
        await DebianPackages.EnsureAsync("git");
        using var repository = new TemporaryFolder();
        (await Programs.RunAsync("git", "init", "--quiet", "--bare", repository.Path)).Succeeded();
        var (kept, excluded) = (0, 0);
        for (var seed = 0; seed < Rounds; seed++)
        {
            using var folder = new TemporaryFolder();
            var random = new Random(seed);
            var files = Plant(random, folder.Path);
            var rules = new List<string>();
            foreach (var place in Folders(files).Where((_, at) => at == 0 || random.Next(4) == 0).ToArray())
            {
                var lines = Lines(random, files, place);
                File.WriteAllText(Path.Combine(folder.Path, place, ".spotignore"), lines);
                files.Add(place + ".spotignore");
                rules.Add($"{place}.spotignore: {lines}");
            }

            var exclude = Enumerable.Range(0, random.Next(3)).Select(_ => Line(random, files, "")).ToArray();
            var actual = await CompareAsync(repository.Path, folder.Path, exclude, $"seed {seed}\n{string.Join('\n', rules)}");
            kept += actual.Length;
            excluded += files.Count - actual.Length;
        }

        // The lines must decide something in many cases, or the comparison says nothing.
        Assert.True(kept > Rounds * 5 && excluded > Rounds * 5, $"kept {kept}, excluded {excluded}");
    }

    [Fact]
    public async Task Each_line_alone_keeps_the_files_that_git_keeps()
    {
        await DebianPackages.EnsureAsync("git");
        using var repository = new TemporaryFolder();
        (await Programs.RunAsync("git", "init", "--quiet", "--bare", repository.Path)).Succeeded();
        var (kept, all) = (0, 0);
        for (var seed = 0; seed < Rounds; seed++)
        {
            using var folder = new TemporaryFolder();
            var random = new Random(seed);
            var lines = new List<string>();
            for (var number = 0; number < 20; number++)
            {
                var place = folder[$"{number:D2}"];
                Directory.CreateDirectory(place);
                for (var count = 0; count < 10; count++)
                {
                    var file = Path.Combine(place, "x" + string.Concat(random.GetItems(FewLetters, random.Next(1, 6)))).TrimEnd('/');
                    if (Parents(file).All(parent => !File.Exists(parent)) && !Directory.Exists(file))
                    {
                        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
                        all++;
                    }
                }

                var pieces = Enumerable.Range(0, random.Next(1, 4))
                    .Select(_ => random.GetItems(random.Next(2) == 0 ? FewLetters : Wildcards, 1)[0]);
                var line = (random.Next(3) == 0 ? "" : random.Next(2) == 0 ? "/x" : "x") + string.Concat(pieces);
                lines.Add($"{number:D2}: {line}");
                folder.Write($"{number:D2}/.spotignore", line + "\n");
                all++;
            }

            kept += (await CompareAsync(repository.Path, folder.Path, [], $"seed {seed}\n{string.Join('\n', lines)}")).Length;
        }

        Assert.True(kept > all / 4 && kept < all * 19 / 20, $"kept {kept} of {all}");
    }

    private static IEnumerable<string> Parents(string path) =>
        Enumerable.Range(1, path.Length - 1).Where(at => path[at] == '/').Select(at => path[..at]);

    /// <summary>Fails unless git and the rules keep the same files, and returns them.</summary>
    private static async Task<string[]> CompareAsync(string repository, string folder, string[] exclude, string rules)
    {
        var start = Programs.Describe(
        [
            "git", $"--git-dir={repository}", $"--work-tree={folder}", "ls-files", "--others", "-z", "--exclude-per-directory=.spotignore",
            .. exclude.SelectMany(pattern => new[] { "--exclude", pattern }),
        ]);
        start.WorkingDirectory = folder;
        start.StandardOutputEncoding = new UTF8Encoding(false);
        var expected = (await Programs.RunAsync(start)).Succeeded().Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Order(StringComparer.Ordinal).ToArray();

        var walk = LocalTree.Walk(
            folder, new IgnoreRules([], exclude, ignoreCase: false), new WalkLimits(), TestContext.Current.CancellationToken);
        var actual = walk.OfType<LocalEntry>().Where(entry => entry.Kind == EntryKind.File).Select(entry => entry.Path)
            .Order(StringComparer.Ordinal).ToArray();

        Assert.True(
            expected.SequenceEqual(actual),
            $"Only git keeps <{string.Join("> <", expected.Except(actual))}>, "
            + $"only the rules keep <{string.Join("> <", actual.Except(expected))}>: {rules}\n"
            + $"--exclude {string.Join("\n--exclude ", exclude)}");
        return actual;
    }

    private static HashSet<string> Plant(Random random, string root)
    {
        var names = Enumerable.Range(0, 10).Select(_ => string.Concat(random.GetItems(Letters, random.Next(1, 4))))
            .Select(name => name is "." or ".." ? "a" + name : name).Append("-x").ToArray();
        var files = new HashSet<string>(StringComparer.Ordinal);
        for (var count = 0; count < 40; count++)
        {
            var parts = random.GetItems(names, random.Next(1, 6));
            var file = string.Join('/', parts);
            var folder = Path.Combine(root, string.Join('/', parts[..^1]));
            if (!Parents(file).Any(files.Contains) && !Directory.Exists(Path.Combine(root, file)))
            {
                Directory.CreateDirectory(folder);
                File.WriteAllText(Path.Combine(root, file), "");
                files.Add(file);
            }
        }

        return files;
    }

    /// <summary>The folders of files, each with a slash at its end, and the root as nothing.</summary>
    private static IEnumerable<string> Folders(IEnumerable<string> files) => files
        .SelectMany(file => Enumerable.Range(0, file.Length).Where(at => file[at] == '/').Select(at => file[..(at + 1)]))
        .Prepend("").Distinct();

    private static string Lines(Random random, HashSet<string> files, string folder) =>
        (random.Next(8) == 0 ? "\uFEFF" : "")
        + string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => random.Next(12) switch
        {
            0 => "# a comment",
            1 => "",
            _ => Line(random, files, folder),
        } + new string(' ', random.Next(6) == 0 ? random.Next(1, 3) : 0) + (random.Next(6) == 0 ? "\r\n" : "\n")))
        + (random.Next(3) == 0 ? Line(random, files, folder) : "");

    /// <summary>A pattern that is like a path in the folder, so that it matches more often than by chance.</summary>
    private static string Line(Random random, HashSet<string> files, string folder)
    {
        var below = files.Where(file => file.StartsWith(folder, StringComparison.Ordinal)).ToArray();
        var path = below[random.Next(below.Length)][folder.Length..].Split('/');
        var from = random.Next(2) * random.Next(path.Length);
        var parts = path.Skip(from).Take(random.Next(1, path.Length + 1)).Select(part => random.Next(5) switch
        {
            0 => "*",
            1 => Disguise(random, part),
            2 => string.Concat(part.EnumerateRunes().Take(random.Next(4))) + string.Concat(random.GetItems(Wildcards, random.Next(1, 3))),
            3 => string.Concat(random.GetItems(Wildcards, random.Next(1, 3))) + string.Concat(part.EnumerateRunes().Skip(random.Next(4))),
            _ => string.Concat(part.Select(letter => "\\*?[!# ".Contains(letter, StringComparison.Ordinal) ? $"\\{letter}" : $"{letter}")),
        }).ToList();
        if (random.Next(4) == 0)
        {
            parts.Insert(random.Next(parts.Count + 1), "**");
        }

        return (random.Next(5) == 0 ? "!" : "") + (random.Next(4) == 0 ? "/" : "") + string.Join('/', parts)
            + (random.Next(5) == 0 ? "/" : "");
    }

    /// <summary>Replaces some letters by wildcards.</summary>
    private static string Disguise(Random random, string part) => string.Concat(part.EnumerateRunes().Select(
        letter => random.Next(2) == 0 ? Wildcards[random.Next(Wildcards.Length)] : letter.ToString()));
}
